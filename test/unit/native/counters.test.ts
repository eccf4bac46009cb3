import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadAddon } from '../../../src/native/addon.ts';

const addon = loadAddon();

function counterFiles(t: TestContext, ...texts: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-counters-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return texts.map((text, index) => {
    const path = join(folder, `energy${index}_uj`);
    writeFileSync(path, text);
    return path;
  });
}

test('counters are read through held files, each with its own time', (t) => {
  const [first, second] = counterFiles(t, '100\n', '262143328850\n');
  const set = new addon.CounterSet();
  assert.equal(set.add(first!), 0);
  assert.equal(set.add(second!), 1);
  const values = new Float64Array(2);
  const times = new Float64Array(2);
  const before = Number(process.hrtime.bigint());
  assert.equal(set.read(values, times), 0);
  const after = Number(process.hrtime.bigint());
  assert.deepEqual([...values], [100, 262143328850]);
  assert.ok(before <= times[0]! && times[0]! <= times[1]! && times[1]! <= after);
  writeFileSync(first!, '250\n');
  set.read(values, times);
  assert.equal(values[0], 250);
  set.close();
  set.close();
  assert.throws(() => set.read(values, times), /closed/);
});

test('a file that cannot be opened throws with its system error code', (t) => {
  const [path] = counterFiles(t, '1\n');
  const set = new addon.CounterSet();
  assert.throws(
    () => set.add(`${path}-absent`),
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT' && error.path === `${path}-absent`,
  );
});

test('a failed read is NaN and a named error; the others go on', (t) => {
  const [good, empty, text] = counterFiles(t, '7\n', '', 'N/A\n');
  const set = new addon.CounterSet();
  for (const path of [good, empty, text]) set.add(path!);
  const values = new Float64Array(3);
  assert.equal(set.read(values, new Float64Array(3)), 2);
  assert.deepEqual([...values], [7, Number.NaN, Number.NaN]);
  assert.deepEqual([set.lastError(0), set.lastError(1), set.lastError(2)], ['', 'ENODATA', 'EBADMSG']);
});

test('arguments of the wrong kind or size are refused before anything is written', (t) => {
  const [path] = counterFiles(t, '7\n');
  const set = new addon.CounterSet();
  set.add(path!);
  assert.throws(() => set.read(new Float64Array(0), new Float64Array(1)), /at least 1 entries/);
  assert.throws(
    () => set.read(new Float32Array(1) as unknown as Float64Array, new Float64Array(1)),
    TypeError,
  );
  assert.throws(() => set.lastError(1), TypeError);
  assert.throws(() => set.add(7 as unknown as string), TypeError);
  for (const hz of [0, -1, 1001, Number.NaN]) {
    assert.throws(() => new addon.CounterSampler({ paths: [path!], wrapRanges: [0], hz }), /hz/);
  }
  assert.throws(() => new addon.CounterSampler({ paths: [path!], wrapRanges: [], hz: 10 }), /wrapRanges/);
  assert.throws(() => new addon.CounterSampler({ paths: [path!], wrapRanges: [-1], hz: 10 }), /wrapRanges/);
});

test('a sampler that cannot open a file throws with its system error code', (t) => {
  const [path] = counterFiles(t, '7\n');
  assert.throws(
    () => new addon.CounterSampler({ paths: [path!, `${path}-absent`], wrapRanges: [0, 0], hz: 10 }),
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  );
});

test('a sampler sums over a wrap and tells what it cost', (t) => {
  const [path] = counterFiles(t, '0000000990\n');
  const sampler = new addon.CounterSampler({ paths: [path!], wrapRanges: [1000], hz: 1000 });
  const energy = new Float64Array(1);
  const last = new Float64Array(1);
  const power = new Float64Array(1);
  let sum = 0;
  const drain = () => {
    const statistics = sampler.drain(energy, last, power);
    if (!Number.isNaN(energy[0])) sum += energy[0]!;
    return statistics;
  };
  do drain();
  while (Number.isNaN(last[0]));
  // Overwritten in place and to the same length: no reader sees an empty file.
  writeFileSync(path!, '0000000010\n', { flag: 'r+' });
  while (sum < 20) drain();
  sampler.stop();
  sampler.stop();
  const statistics = drain();
  assert.equal(sum, 20);
  assert.equal(statistics.failures, 0);
  assert.ok(statistics.samples >= 2 && statistics.cpuNanoseconds > 0);
});

test('a worker that ends with a sampler running takes its thread along', async (t) => {
  const [path] = counterFiles(t, '7\n');
  const worker = new Worker(
    `import { loadAddon } from ${JSON.stringify(new URL('../../../src/native/addon.ts', import.meta.url).href)};
     import { parentPort } from 'node:worker_threads';
     globalThis.kept = new (loadAddon().CounterSampler)({ paths: [${JSON.stringify(path)}], wrapRanges: [0], hz: 1000 });
     parentPort.postMessage('sampling');
     setInterval(() => {}, 1000);`,
    { eval: true },
  );
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  assert.equal(await worker.terminate(), 1);
});
