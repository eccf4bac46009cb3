import type { History } from '../../src/history/history.ts';
import type { AdmissionRecord, ScalingRecord } from '../../src/history/loop-record.ts';
import { START_UNIX_SECONDS } from './history-intervals.ts';

const ms = (seconds: number): number => (START_UNIX_SECONDS + seconds) * 1000;

const scaling: ScalingRecord = {
  unixMilliseconds: ms(1200),
  namespace: 'shop',
  deployment: 'web',
  uid: '31c2',
  backend: 'cpu',
  policy: 'hpa',
  mode: 'act',
  before: 2,
  ready: 2,
  wanted: 4,
  after: 4,
  outcome: 'scaled',
  reason: 'cpu at 140 % of 70 %',
  seen: [
    { name: 'latencyP95Milliseconds', amount: 412.5, unit: 'ms' },
    { name: 'throughputPerSecond', amount: 88.2, unit: '1/s' },
  ],
};

const admission: AdmissionRecord = {
  unixMilliseconds: ms(1500),
  namespace: 'team',
  kind: 'Job',
  name: 'report',
  uid: '90ee',
  policy: 'easy',
  mode: 'act',
  outcome: 'admitted',
  reason: undefined,
  nodes: 'green-1',
  waitedMilliseconds: 61_500,
  queued: 3,
  passedOver: 1,
  oldest: 'team/train',
  terms: [{ name: 'estimated-seconds', amount: 120, unit: 's' }],
};

/** Two decisions about replicas and two about a queue, in the demo's first hour. */
export function writeDemoLoops(history: History): void {
  history.scaled(scaling);
  history.scaled({
    ...scaling,
    unixMilliseconds: ms(1230),
    before: 4,
    ready: 3,
    outcome: 'kept',
    reason: 'within 10 % of the target',
  });
  history.admitted(admission);
  history.admitted({
    ...admission,
    unixMilliseconds: ms(1560),
    kind: 'Workload',
    name: 'job-train-4f1c',
    uid: '90ef',
    outcome: 'retry',
    reason: 'no node has room for its pods',
    nodes: undefined,
    waitedMilliseconds: 600_000,
    queued: 2,
    passedOver: 0,
    oldest: undefined,
    terms: [],
  });
}
