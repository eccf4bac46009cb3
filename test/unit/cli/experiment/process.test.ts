import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JournalEvent } from '../../../../src/evaluation/switchback/journal-records.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../../../scripts/kisimd', import.meta.url));

function start(t: TestContext, words: readonly string[]): { readonly child: ChildProcess; text: string } {
  const child = spawn(program, ['experiment', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const started = { child, text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      started.text += String(chunk);
    });
  return started;
}

test('an experiment that is killed goes on with --resume, and Ctrl-C ends it with a report', async (t) => {
  const server = await FakeApiServer.start();
  t.after(() => server.close());
  server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kisimd' } });
  server.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    spec: {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  });
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig);
  const out = join(folder, 'out');
  const settings = [
    `kubernetes.kubeconfig=${join(folder, 'kubeconfig')}`,
    `history.path=${join(folder, 'energy.db')}`,
    'meter.sources=estimated',
    'kubernetes.pod-use=off',
  ].flatMap((setting) => ['--set', setting]);
  const kinds = (): JournalEvent['kind'][] => {
    if (!readdirSync(folder).includes('out') || !readdirSync(out).includes('journal.jsonl')) return [];
    const lines = readFileSync(join(out, 'journal.jsonl'), 'utf8').split('\n').slice(1, -1);
    return lines.map((line) => (JSON.parse(line) as JournalEvent).kind);
  };
  const periods = () => kinds().filter((kind) => kind === 'period').length;
  /** Until the journal has so many beginnings of periods, or the program has ended. */
  const begun = async (count: number, { child }: { child: ChildProcess }): Promise<void> => {
    const ended = new AbortController();
    child.once('exit', () => ended.abort());
    for await (const _ of changesBelow(folder, ended.signal)) if (periods() >= count) return;
  };

  const first = start(t, ['--a', 'default', '--b', 'best-fit', '--out', out, ...settings]);
  await begun(1, first);
  assert.equal(periods(), 1, first.text);
  const gone = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await gone;
  assert.deepEqual(readdirSync(out), ['journal.jsonl']);
  // As if the time of the dead one's lease had passed.
  const lease = server.find('Lease', 'kisimd', 'kisimd')!;
  server.overwrite({ ...lease, spec: { ...(lease['spec'] as object), holderIdentity: '' } });

  const second = start(t, ['--resume', '--out', out, ...settings]);
  await begun(2, second);
  assert.equal(periods(), 2, second.text);
  const ended = once(second.child, 'exit');
  second.child.kill('SIGINT');
  assert.deepEqual(await ended, [130, null], second.text);
  assert.match(second.text, /0 of 24 pairs|by turns for 24 h/);
  assert.match(second.text, /NO VERDICT\n {2}KISIM_E_EXPERIMENT_TOO_FEW/);
  assert.match(second.text, /go on with kisimd experiment --resume --out/);
  assert.deepEqual(readdirSync(out).sort(), ['journal.jsonl', 'periods.svg', 'report.txt', 'result.json']);
  assert.deepEqual(
    kinds().filter((kind) => kind !== 'sample'),
    ['begin', 'period', 'begin', 'period', 'broken', 'stop'],
  );
});

/** Once now, and again after every change below a folder. */
async function* changesBelow(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  let wake: () => void = () => undefined;
  const watcher = watch(folder, { recursive: true }, () => wake());
  signal.addEventListener('abort', () => wake());
  try {
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      yield;
      await changed;
    }
    yield;
  } finally {
    watcher.close();
  }
}
