import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketSeconds, RequestMetrics } from '../../../../src/load/test-application/request-metrics.ts';

const idle = { servers: 2, inService: 0, queued: 0 };

test('buckets are cumulative, and the last one, the count and the answers agree', () => {
  const metrics = new RequestMetrics(['cpu', 'disk']);
  const seconds = [0.0005, 0.001, 0.0011, 0.2, 31];
  for (const each of seconds) {
    metrics.served('cpu', 0, each * 1e9);
    metrics.answered('cpu', 200);
  }
  metrics.answered('cpu', 503);
  const lines = metrics.page('prometheus', { servers: 2, inService: 1, queued: 3 }).split('\n');
  const has = (line: string) => assert.ok(lines.includes(line), line);
  for (const bound of bucketSeconds) {
    const below = seconds.filter((each) => each <= bound).length;
    has(`http_request_duration_seconds_bucket{route="cpu",le="${bound}"} ${below}`);
  }
  has('http_request_duration_seconds_bucket{route="cpu",le="+Inf"} 5');
  has('http_request_duration_seconds_count{route="cpu"} 5');
  has('http_requests_total{route="cpu",code="200"} 5');
  has('http_requests_total{route="cpu",code="503"} 1');
  has('http_requests_in_flight 1');
  has('http_requests_queued 3');
});

test('routes stand at 0 before their first request', () => {
  const page = new RequestMetrics(['disk']).page('prometheus', idle);
  assert.match(page, /^http_requests_total\{route="disk",code="200"\} 0$/m);
  assert.match(page, /^http_request_duration_seconds_count\{route="disk"\} 0$/m);
});

test('a duration is waiting and service together', () => {
  const metrics = new RequestMetrics(['cpu']);
  metrics.served('cpu', 1.5e9, 0.25e9);
  const page = metrics.page('openmetrics', idle);
  assert.match(page, /^http_request_duration_seconds_sum\{route="cpu"\} 1.75$/m);
  assert.match(page, /^kisimd_test_application_wait_seconds_total\{route="cpu"\} 1.5$/m);
  assert.match(page, /^kisimd_test_application_service_seconds_total\{route="cpu"\} 0.25$/m);
  assert.ok(page.endsWith('# EOF\n'));
});
