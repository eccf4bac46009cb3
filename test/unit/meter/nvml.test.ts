import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NvmlSource } from '../../../src/meter/nvml.ts';
import { loadAddon } from '../../../src/native/addon.ts';
import { KisimError } from '../../../src/util/errors.ts';
import type { LogFields } from '../../../src/util/log.ts';
import { fakeNvml, NvmlScript } from '../../support/fake-nvml.ts';

/** One board's state; what is absent is not supported by it. */
interface BoardState {
  readonly uuid: string;
  readonly energy?: number | string;
  readonly power?: number | string;
  readonly limit?: number;
  readonly lost?: string;
  readonly mig?: readonly string[];
  readonly samples?: readonly (readonly [pid: number, microseconds: number, percent: number])[];
  readonly processes?: readonly number[];
}

const lines = (boards: readonly BoardState[]): readonly string[] =>
  boards.flatMap((board, index) => [
    `${index}.uuid=${board.uuid}`,
    `${index}.name=Board ${index}`,
    ...(board.energy === undefined ? [] : [`${index}.energy=${board.energy}`]),
    ...(board.power === undefined ? [] : [`${index}.power=${board.power}`]),
    ...(board.limit === undefined ? [] : [`${index}.limit=${board.limit}`]),
    ...(board.lost === undefined ? [] : [`${index}.lost=${board.lost}`]),
    ...(board.mig === undefined ? [] : [`${index}.mig=1`]),
    ...(board.mig ?? []).map((instance) => `${index}.migdev=${instance}`),
    ...(board.samples ?? []).map((sample) => `${index}.sample=${sample.join(' ')}`),
    ...(board.processes ?? []).map((pid) => `${index}.compute=${pid} 1024 1`),
  ]);

/** The source on the stand-in library, with a clock that the test moves and the log kept. */
class Bench {
  readonly script: NvmlScript;
  readonly source: NvmlSource;
  readonly logged: { readonly event: string; readonly fields: LogFields | undefined }[] = [];
  nanoseconds = 1e9;

  constructor(t: TestContext, boards: readonly BoardState[]) {
    this.script = new NvmlScript(lines(boards));
    const keep = (event: string, fields?: LogFields) => this.logged.push({ event, fields });
    this.source = new NvmlSource({
      open: () => new (loadAddon().Nvml)({ libraryPath: fakeNvml.path }),
      clock: { monotonicNanoseconds: () => this.nanoseconds },
      log: { info: keep, warn: keep },
    });
    t.after(() => {
      this.source.close();
      this.script.remove();
    });
  }

  /** Reads `seconds` later, with the boards in the state given. */
  read(seconds: number, boards: readonly BoardState[]) {
    this.nanoseconds += seconds * 1e9;
    this.script.play(lines(boards));
    return this.source.read();
  }
}

function thrownBy(source: NvmlSource): KisimError {
  try {
    source.open();
  } catch (error) {
    assert.ok(error instanceof KisimError);
    return error;
  }
  assert.fail('the source opened');
}

const skip = { skip: fakeNvml.skip };

test('a board’s energy counter is its energy, counted beside the CPU zones', skip, (t) => {
  const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 5_000_000, power: 100_000, limit: 300_000 }]);
  bench.source.open();
  const [zone] = bench.source.zones();
  assert.deepEqual(zone, {
    id: 'gpu-GPU-a',
    kind: 'gpu',
    socket: undefined,
    counted: true,
    exclusion: '',
    path: 'board 0',
    description: 'Board 0 at board 0',
    source: 'nvml',
    provenance: 'measured',
    maxWatts: 450,
  });
  const first = bench.read(0, [{ uuid: 'GPU-a', energy: 5_000_000, power: 100_000 }]);
  assert.equal(first[0]?.gap, 'first-reading');
  assert.equal(first[0]?.energyMicrojoules, undefined);
  const [second] = bench.read(2, [{ uuid: 'GPU-a', energy: 5_240_000, power: 100_000 }]);
  assert.equal(second?.energyMicrojoules, 240e6);
  assert.equal(second?.intervalNanoseconds, 2e9);
});

test('only a board without a counter has its power integrated, and says so', skip, (t) => {
  const bench = new Bench(t, [{ uuid: 'GPU-old', power: 50_000 }]);
  bench.source.open();
  assert.equal(bench.source.zones()[0]?.provenance, 'integrated');
  bench.read(0, [{ uuid: 'GPU-old', power: 50_000 }]);
  const [reading] = bench.read(2, [{ uuid: 'GPU-old', power: 150_000 }]);
  assert.equal(reading?.energyMicrojoules, 200e6);
  // Nobody knows what flowed across a failed reading.
  assert.equal(bench.read(1, [{ uuid: 'GPU-old', power: 'TIMEOUT' }])[0]?.gap, 'unreadable');
  assert.equal(bench.read(1, [{ uuid: 'GPU-old', power: 150_000 }])[0]?.energyMicrojoules, undefined);
  assert.equal(bench.read(1, [{ uuid: 'GPU-old', power: 150_000 }])[0]?.energyMicrojoules, 150e6);
});

test('a counter is never replaced by power in silence', skip, (t) => {
  const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 0, power: 100_000 }]);
  bench.source.open();
  bench.read(0, [{ uuid: 'GPU-a', energy: 0, power: 100_000 }]);
  const [reading] = bench.read(1, [{ uuid: 'GPU-a', energy: 'UNKNOWN', power: 100_000 }]);
  assert.equal(reading?.energyMicrojoules, undefined);
  assert.equal(reading?.gap, 'unreadable');
  assert.equal(
    bench.read(1, [{ uuid: 'GPU-a', energy: 200_000, power: 100_000 }])[0]?.energyMicrojoules,
    200e6,
  );
});

test('counter against power over a minute: a disagreement is told once, and its end too', skip, (t) => {
  const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 0, power: 50_000 }]);
  bench.source.open();
  let energy = 0;
  const minute = (watts: number) => {
    for (let second = 0; second < 60; second += 1) {
      energy += watts * 1000;
      bench.read(1, [{ uuid: 'GPU-a', energy, power: 50_000 }]);
    }
  };
  bench.read(0, [{ uuid: 'GPU-a', energy, power: 50_000 }]);
  minute(50);
  assert.equal(bench.logged.length, 0);
  minute(30);
  minute(30);
  assert.equal(bench.logged.length, 1);
  assert.equal(bench.logged[0]?.event, 'gpu-energy-disagrees');
  assert.equal(bench.logged[0]?.fields?.['zone'], 'gpu-GPU-a');
  assert.ok(Math.abs(Number(bench.logged[0]?.fields?.['counterWatts']) - 30) < 1e-6);
  minute(50);
  assert.equal(bench.logged[1]?.event, 'gpu-energy-agrees');
});

test('a lost board is a gap; the others go on; it may come back', skip, (t) => {
  const good = (energy: number): BoardState => ({ uuid: 'GPU-b', energy });
  const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 0 }, good(0)]);
  bench.source.open();
  const zones = bench.source.zones();
  bench.read(0, [{ uuid: 'GPU-a', energy: 0 }, good(0)]);
  const readings = bench.read(1, [{ uuid: 'GPU-a', lost: 'GPU_IS_LOST' }, good(80_000)]);
  assert.deepEqual(
    readings.map(({ gap, energyMicrojoules }) => [gap, energyMicrojoules]),
    [
      ['vanished', undefined],
      [undefined, 80e6],
    ],
  );
  assert.equal(bench.source.zones(), zones);
  assert.equal(bench.read(1, [{ uuid: 'GPU-a', energy: 40_000 }, good(160_000)])[0]?.gap, 'first-reading');
  assert.equal(bench.read(1, [{ uuid: 'GPU-a', energy: 50_000 }, good(240_000)])[0]?.energyMicrojoules, 10e6);
});

test('a counter that goes back or leaps is a gap', skip, (t) => {
  const at = (energy: number): readonly BoardState[] => [{ uuid: 'GPU-a', energy, limit: 300_000 }];
  const bench = new Bench(t, at(1_000_000));
  bench.source.open();
  bench.read(0, at(1_000_000));
  assert.equal(bench.read(1, at(5))[0]?.gap, 'negative-jump');
  assert.equal(bench.read(1, at(9_000_000))[0]?.gap, 'absurd-jump');
  assert.equal(bench.read(1, at(9_300_000))[0]?.energyMicrojoules, 300e6);
});

test(
  'processes get the time-weighted mean of samples newer than the last, in the driver’s microseconds',
  skip,
  (t) => {
    const us = 1_700_000_000_000_000;
    const old = [
      [7, us - 2_000_000, 100],
      [7, us, 100],
    ] as const;
    const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 0, samples: old }]);
    bench.source.open();
    bench.read(0, [{ uuid: 'GPU-a', energy: 0, samples: old }]);
    // The driver's buffer from before the start is nobody's work of now.
    assert.deepEqual(bench.source.processUse(), []);
    const fresh = [...old, [7, us + 500_000, 80], [8, us + 500_000, 10], [7, us + 1_000_000, 20]] as const;
    bench.read(1, [{ uuid: 'GPU-a', energy: 100_000, samples: fresh }]);
    assert.deepEqual(bench.source.processUse(), [
      { zoneId: 'gpu-GPU-a', pid: 7, smShare: 0.5 },
      { zoneId: 'gpu-GPU-a', pid: 8, smShare: 0.05 },
    ]);
    // No newer sample (NVML_ERROR_NOT_FOUND): no work, and nothing is taken twice.
    bench.read(1, [{ uuid: 'GPU-a', energy: 200_000, samples: fresh }]);
    assert.deepEqual(bench.source.processUse(), []);
  },
);

test('samples of an unreadable interval wait for the reading that holds its energy', skip, (t) => {
  const us = 1_700_000_000_000_000;
  const bench = new Bench(t, [{ uuid: 'GPU-a', energy: 0, samples: [[1, us, 1]] }]);
  bench.source.open();
  bench.read(0, [{ uuid: 'GPU-a', energy: 0, samples: [[1, us, 1]] }]);
  const samples = [
    [7, us + 1_000_000, 100],
    [7, us + 2_000_000, 50],
  ] as const;
  bench.read(1, [{ uuid: 'GPU-a', energy: 'TIMEOUT', samples: samples.slice(0, 1) }]);
  assert.deepEqual(bench.source.processUse(), []);
  bench.read(1, [{ uuid: 'GPU-a', energy: 100_000, samples }]);
  assert.deepEqual(bench.source.processUse(), [{ zoneId: 'gpu-GPU-a', pid: 7, smShare: 0.75 }]);
});

test('MIG: one zone for the board, instances only named, and no process is charged', skip, (t) => {
  const boards: readonly BoardState[] = [
    {
      uuid: 'GPU-m',
      energy: 0,
      mig: ['MIG-1|Board MIG 1g.10gb', 'MIG-2|Board MIG 2g.20gb'],
      samples: [[7, 1_700_000_000_000_000, 50]],
      processes: [7],
    },
  ];
  const bench = new Bench(t, boards);
  bench.source.open();
  assert.equal(bench.source.zones().length, 1);
  assert.match(
    bench.source.zones()[0]!.description ?? '',
    /MIG: Board MIG 1g\.10gb MIG-1, Board MIG 2g\.20gb MIG-2/,
  );
  assert.match(bench.source.notes().join('\n'), /MIG is on/);
  const [board] = bench.source.boards();
  assert.deepEqual(
    board?.info.migInstances.map(({ uuid }) => uuid),
    ['MIG-1', 'MIG-2'],
  );
  bench.read(0, boards);
  const readings = bench.read(1, [{ ...boards[0]!, energy: 300_000 }]);
  assert.equal(readings.length, 1);
  assert.equal(readings[0]?.energyMicrojoules, 300e6);
  assert.deepEqual(bench.source.processUse(), []);
  assert.deepEqual(bench.source.processUseUnknown(), ['gpu-GPU-m']);
});

test('a board that tells nothing or refuses is a note and stops none of the others', skip, (t) => {
  const bench = new Bench(t, [
    { uuid: 'GPU-a' },
    { uuid: 'GPU-b', energy: 'NO_PERMISSION' },
    { uuid: 'GPU-c', energy: 1 },
  ]);
  bench.source.open();
  assert.deepEqual(
    bench.source.zones().map(({ id }) => id),
    ['gpu-GPU-c'],
  );
  assert.match(bench.source.notes().join('\n'), /board 0 .* neither energy nor power/);
  assert.match(bench.source.notes().join('\n'), /board 1 cannot be asked \(NVML_ERROR_NO_PERMISSION\)/);
  assert.equal(bench.read(0, [{ uuid: 'GPU-a' }, { uuid: 'GPU-b' }, { uuid: 'GPU-c', energy: 2 }]).length, 1);
});

test('where no board tells anything the error says what each said', skip, (t) => {
  const error = thrownBy(new Bench(t, [{ uuid: 'GPU-a' }]).source);
  assert.equal(error.code, 'KISIM_E_METER_NVML_NO_ENERGY');
  assert.match(error.found, /1 boards; board 0/);
});

test('no driver and a driver of another version are told apart', skip, (t) => {
  const bench = new Bench(t, []);
  bench.script.play(['init=DRIVER_NOT_LOADED']);
  assert.equal(thrownBy(bench.source).code, 'KISIM_E_METER_NVML_ABSENT');
  bench.script.play(['init=NO_PERMISSION']);
  assert.equal(thrownBy(bench.source).code, 'KISIM_E_METER_NVML_FAILED');
});

test('a library that is not there is the source being absent', () => {
  const source = new NvmlSource({
    open: () => new (loadAddon().Nvml)({ libraryPath: '/nonexistent/libnvidia-ml.so.1' }),
    clock: { monotonicNanoseconds: () => 0 },
    log: { info: () => undefined, warn: () => undefined },
  });
  assert.equal(thrownBy(source).code, 'KISIM_E_METER_NVML_ABSENT');
});
