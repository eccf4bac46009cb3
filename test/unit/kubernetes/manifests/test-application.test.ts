import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { fakeHost } from '../../cli/fake-host.ts';

interface Manifest {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: object;
    readonly spec: Readonly<Record<string, unknown>>;
  }[];
}

async function printed(...args: readonly string[]) {
  const host = fakeHost();
  const status = await runCli(['test-application', '--manifest', ...args], host);
  return { status, out: host.out(), err: host.err() };
}

test('the command prints a Deployment and the Service before it', async () => {
  const { status, out } = await printed(
    '--image',
    'i:1',
    '--replicas',
    '3',
    '--name',
    'app',
    '--namespace',
    'n',
    '--servers',
    '2',
  );
  assert.equal(status, 0);
  const { items } = JSON.parse(out) as Manifest;
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['Deployment', 'Service'],
  );
  for (const { metadata } of items)
    assert.deepEqual(metadata, { name: 'app', namespace: 'n', labels: { app: 'app' } });
  const [deployment, service] = items;
  assert.equal(deployment!.spec['replicas'], 3);
  assert.deepEqual(service!.spec['selector'], { app: 'app' });
  const template = deployment!.spec['template'] as {
    readonly spec: {
      readonly containers: readonly Readonly<Record<string, unknown>>[];
      readonly automountServiceAccountToken: boolean;
    };
  };
  const [container] = template.spec.containers;
  assert.deepEqual(container!['args'], [
    ...['test-application', '--host', '0.0.0.0', '--port', '8080'],
    ...['--servers', '2', '--queue', '1000', '--seed', '1'],
  ]);
  assert.equal((container!['resources'] as { requests: { cpu: string } }).requests.cpu, '2000m');
  assert.equal(template.spec.automountServiceAccountToken, false);
});

test('without an image there is nothing to print', async () => {
  const { status, out, err } = await printed();
  assert.equal(status, 2);
  assert.equal(out, '');
  assert.match(err, /KISIM_E_USAGE.*--image/);
});
