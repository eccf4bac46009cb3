import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { CAPTURE_FILE } from '../../../src/meter/capture-format.ts';
import type { GapReason, PowerSource, ZoneReading } from '../../../src/meter/power-source.ts';
import { RecordedSource } from '../../../src/meter/recorded.ts';
import { EnergyRecorder } from '../../../src/meter/recorder.ts';
import { contextAt } from '../../support/file-counter-set.ts';
import { scriptedSource, testZone } from '../../support/scripted-source.ts';

const SECOND = 1e9;
const START = 5000 * SECOND;
let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'kisimd-capture-')), 'capture');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

/** Records one zone for as many seconds as there are energies; the first reading comes before them. */
function record(...energies: readonly (number | GapReason)[]): void {
  recordSource(
    scriptedSource(
      [testZone('package-0')],
      energies.map((energy) => [energy]),
    ),
    energies.length,
  );
}

function recordSource(source: PowerSource, seconds: number): void {
  source.open();
  const recorder = new EnergyRecorder({ folder, sources: [source], onFailure: assert.fail });
  recorder.open();
  for (let step = 0; step <= seconds; step += 1) recorder.read(contextAt(START + step * SECOND));
  recorder.close();
}

function play(options: { readonly loop?: boolean; readonly onEnd?: () => void } = {}) {
  const source = new RecordedSource({ folder, loop: false, ...options });
  source.open();
  let now = 77 * SECOND;
  source.read(contextAt(now));
  return {
    source,
    after(seconds: number): ZoneReading {
      now += seconds * SECOND;
      return source.read(contextAt(now))[0]!;
    },
  };
}

describe('playing what was recorded', () => {
  test('read at the pace of the capture it gives the same energies, gaps and intervals', () => {
    record(10_000_000, 'unreadable', 7_000_000);
    const played = play();
    const readings = [played.after(1), played.after(1), played.after(1)];
    assert.deepEqual(
      readings.map(({ energyMicrojoules, gap }) => energyMicrojoules ?? gap),
      [10_000_000, 'unreadable', 7_000_000],
    );
    assert.equal(readings[0]?.intervalNanoseconds, SECOND);
  });

  test('the zones are those of the capture, marked recorded, with where they came from', () => {
    record(1);
    const [zone] = play().source.zones();
    assert.equal(zone?.id, 'package-0');
    assert.equal(zone?.source, 'recorded');
    assert.equal(zone?.provenance, 'recorded');
    assert.match(zone?.path ?? '', /energy\.jsonl#package-0$/);
    assert.equal(zone?.description, 'rapl-powercap /test/package-0');
  });

  test('the first reading is no energy', () => {
    record(1);
    const source = new RecordedSource({ folder, loop: false });
    source.open();
    assert.equal(source.read(contextAt(0))[0]?.gap, 'first-reading');
  });

  test('half an interval is half its energy, two intervals are the energy of both', () => {
    record(10_000_000, 20_000_000);
    const played = play();
    assert.equal(played.after(0.5).energyMicrojoules, 5_000_000);
    assert.equal(played.after(1.5).energyMicrojoules, 25_000_000);
  });

  test('a reading that covers a part of a gap is unknown', () => {
    record(10_000_000, 'vanished', 20_000_000);
    const played = play();
    assert.equal(played.after(1.5).gap, 'vanished');
    assert.equal(played.after(1).gap, 'vanished');
    assert.equal(played.after(0.5).energyMicrojoules, 10_000_000);
  });

  test('however it is read, all energy of the capture comes out, once', () => {
    record(...Array.from({ length: 20 }, (_, index) => (index + 1) * 1_000_000));
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { maxLength: 60 }), (pauses) => {
        const played = play();
        let sum = 0;
        for (const pause of [...pauses, 20]) sum += played.after(pause).energyMicrojoules ?? 0;
        assert.ok(Math.abs(sum - 210_000_000) < 1, `${sum} uJ`);
      }),
      { numRuns: 50 },
    );
  });
});

describe('at the end', () => {
  test('the last part is given, then all is a gap and the end is told once, with a code', () => {
    record(10_000_000);
    let told = 0;
    const played = play({ onEnd: () => (told += 1) });
    const tail = played.after(3);
    assert.equal(tail.energyMicrojoules, 10_000_000);
    assert.equal(tail.intervalNanoseconds, SECOND, 'the time really played');
    assert.equal(played.source.ended(), undefined);
    assert.equal(played.after(1).gap, 'vanished');
    assert.equal(played.after(1).energyMicrojoules, undefined);
    assert.equal(played.source.ended()?.code, 'KISIM_E_METER_RECORDING_ENDED');
    assert.equal(told, 1);
  });

  test('it starts again only where that was asked for', () => {
    record(10_000_000, 30_000_000);
    const played = play({ loop: true });
    assert.equal(played.after(5).energyMicrojoules, 90_000_000);
    assert.equal(played.after(1).energyMicrojoules, 30_000_000);
    assert.equal(played.source.ended(), undefined);
  });
});

describe('a capture that cannot be used', () => {
  const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;
  const open = () => new RecordedSource({ folder, loop: false }).open();

  test('none set, none there', () => {
    assert.throws(
      () => new RecordedSource({ folder: undefined, loop: false }).open(),
      code('KISIM_E_METER_RECORDING_UNSET'),
    );
    assert.throws(open, code('KISIM_E_METER_RECORDING_UNREADABLE'));
  });

  test('a damaged line is named by its number', () => {
    record(1, 2, 3);
    const path = join(folder, CAPTURE_FILE);
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const damage of ['{', '{"t":5}', '', 'null', lines[2]!.replace('"r":[[1', '"r":[["1"')]) {
      writeFileSync(path, lines.with(2, damage).join('\n'));
      assert.throws(open, (error: Error) => {
        assert.ok(code('KISIM_E_METER_RECORDING_INVALID')(error), damage);
        assert.match(error.message, /line 3/);
        return true;
      });
    }
  });

  test('time that stands still or does not start at 0 is no capture', () => {
    record(1, 2, 3);
    const path = join(folder, CAPTURE_FILE);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"t":2000000000', '"t":1000000000'));
    assert.throws(open, code('KISIM_E_METER_RECORDING_INVALID'));
    writeFileSync(path, text.replace('"t":0', '"t":5'));
    assert.throws(open, code('KISIM_E_METER_RECORDING_INVALID'));
  });

  test('another format or version is refused', () => {
    record(1);
    const path = join(folder, CAPTURE_FILE);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version":1', '"version":2'));
    assert.throws(open, code('KISIM_E_METER_RECORDING_INVALID'));
  });

  test('a last line cut off by a crash is left out and told', () => {
    record(10_000_000, 20_000_000);
    appendFileSync(join(folder, CAPTURE_FILE), '{"t":30000');
    const played = play();
    assert.equal(played.after(2).energyMicrojoules, 30_000_000);
    assert.match(played.source.notes().join(), /cut off/);
  });
});

describe('recording', () => {
  test('never writes over a capture', () => {
    record(1);
    assert.throws(() => record(1), { code: 'KISIM_E_METER_RECORDING_WRITE' });
  });

  test('two readings at one instant are both kept, and the capture can be played', () => {
    const source = scriptedSource([testZone('package-0')], [[5], [6], [7]]);
    source.open();
    const recorder = new EnergyRecorder({ folder, sources: [source], onFailure: assert.fail });
    recorder.open();
    for (const at of [0, 0, SECOND, SECOND]) recorder.read(contextAt(START + at));
    recorder.close();
    assert.equal(play().after(2).energyMicrojoules, 18);
  });

  test('a mirror found out while recording is uncounted in the whole capture', () => {
    const zone = { ...testZone('package-0-die-1') };
    const source = scriptedSource([zone], [[5], [6], [7]]);
    source.open();
    const recorder = new EnergyRecorder({ folder, sources: [source], onFailure: assert.fail });
    recorder.open();
    for (let step = 0; step <= 3; step += 1) {
      if (step === 2) Object.assign(zone, { counted: false, exclusion: 'mirror of package-0-die-0' });
      recorder.read(contextAt(START + step * SECOND));
    }
    recorder.close();
    const [played] = play().source.zones();
    assert.equal(played?.counted, false);
    assert.equal(played?.exclusion, 'mirror of package-0-die-0');
  });

  test('a disk that is full ends the recording, is told once, and the readings go on', () => {
    const source = scriptedSource([testZone('package-0')], [[5], [6], [7]]);
    source.open();
    let full = false;
    const told: string[] = [];
    const recorder = new EnergyRecorder({
      folder,
      sources: [source],
      onFailure: (error) => told.push(error.code),
      write: (file, text) => {
        if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        writeSync(file, text);
      },
    });
    recorder.open();
    recorder.read(contextAt(START));
    full = true;
    const later = [1, 2, 3].map((step) => recorder.read(contextAt(START + step * SECOND))[0]);
    assert.deepEqual(
      later.map((reading) => reading?.energyMicrojoules),
      [5, 6, 7],
    );
    assert.deepEqual(told, ['KISIM_E_METER_RECORDING_WRITE']);
  });
});
