import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CODEC_DELTA_VARINT_ZSTD, encodeBlock } from '../../src/history/block-codec.ts';
import { openDatabase } from '../../src/history/open-database.ts';
import { openHistoryReader } from '../../src/history/reader.ts';
import { blockId, METERED_TIME_ID, PERIOD_STATE } from '../../src/history/schema.ts';
import { IDLE_PROVISIONAL_BIT, SOURCE_BITS } from '../../src/history/source-bits.ts';
import { silentLogger } from '../../src/util/log.ts';
import { type RandomSource, seededRandom } from '../../src/util/rng.ts';
import { type Bench, type BenchOptions, type BenchResult, median } from './bench.ts';

const HOUR = 3600;
const FULL = { entities: 200, pods: 100, days: 30 };
const QUICK = { entities: 40, pods: 20, days: 5 };
const FIRST_HOUR = 1_767_225_600;
/** The dearest flags to store, and what a machine without counters has. */
const SRC = SOURCE_BITS.estimated | IDLE_PROVISIONAL_BIT;
const QUERY_RUNS = 9;

interface Scale {
  readonly entities: number;
  readonly pods: number;
  readonly days: number;
}

/**
 * One entity's power: 30 % are idle with rare bursts, 50 % low and noisy, 20 % busy with level changes. Values are
 * microjoules a second.
 */
class Load {
  readonly #random: RandomSource;
  readonly #kind: 'idle' | 'low' | 'busy';
  readonly #base: number;
  #level: number;
  #left = 0;

  constructor(random: RandomSource, index: number) {
    this.#random = random;
    const part = index % 10;
    this.#kind = part < 3 ? 'idle' : part < 8 ? 'low' : 'busy';
    this.#base = this.#kind === 'busy' ? 2e6 + random.next() * 18e6 : 5e4 + random.next() * 1e6;
    this.#level = this.#base;
  }

  fill(perSecond: Float64Array): void {
    for (let i = 0; i < perSecond.length; i++) perSecond[i] = this.#next();
  }

  #next(): number {
    const noise = this.#random.next();
    if (this.#kind === 'idle') return noise < 0.03 ? Math.round(noise * 1e6) : 0;
    if (this.#left-- <= 0) {
      this.#left = 10 + Math.floor(this.#random.next() * 600);
      this.#level = this.#base * (0.3 + this.#random.next());
    }
    const spread = this.#kind === 'low' ? 0.5 : 0.12;
    return Math.round(this.#level * (1 - spread / 2 + spread * noise));
  }
}

interface Built {
  readonly path: string;
  readonly samples: number;
  readonly encodeMicroseconds: number;
  readonly totalMicrojoules: number;
}

/** Writes minutes, blocks and hours in the order in which a daemon would, a transaction an hour; the last hour stays open. */
function build(folder: string, scale: Scale, options: BenchOptions): Built {
  const path = join(folder, 'energy.db');
  const db = openDatabase({ path, busyTimeoutMilliseconds: 1000, log: silentLogger, now: () => 0 });
  db.pragma('cache_size = -65536');
  const statements = prepare(db);
  const loads = Array.from(
    { length: scale.entities },
    (_, i) => new Load(seededRandom(options.seed * 1000 + i), i),
  );
  const ids = addEntities(db, scale);
  const hours = scale.days * 24;
  const series = loads.map(() => new Float64Array(HOUR));
  const always = new Float64Array(HOUR).fill(1000);
  let encodeMicroseconds = 0;
  let totalMicrojoules = 0;
  const writeHour = db.transaction((hour: number, last: boolean) => {
    for (let i = 0; i < loads.length; i++) loads[i]!.fill(series[i]!);
    const hourSums = writeMinutes(statements, hour, ids, series);
    statements.coverage.run(
      HOUR,
      hour,
      HOUR * 1000,
      HOUR * 1000,
      last ? PERIOD_STATE.open : PERIOD_STATE.finerRowsGone,
    );
    totalMicrojoules += hourSums.reduce((sum, { uj }) => sum + uj, 0);
    if (last) return;
    for (let i = 0; i < ids.length; i++) {
      const { uj, maxMw } = hourSums[i]!;
      if (uj === 0) continue;
      const started = performance.now();
      const block = encodeBlock(series[i]!);
      encodeMicroseconds += (performance.now() - started) * 1000;
      const id = blockId(ids[i]!, hour);
      statements.block.run(id, HOUR, block.quantum, CODEC_DELTA_VARINT_ZSTD, SRC, block.sum, block.data);
      statements.hour.run(ids[i]!, hour, uj, Math.round(uj / 20), maxMw, HOUR * 1000, SRC);
    }
    const metered = encodeBlock(always, 1);
    statements.block.run(
      blockId(METERED_TIME_ID, hour),
      HOUR,
      1,
      CODEC_DELTA_VARINT_ZSTD,
      0,
      metered.sum,
      metered.data,
    );
  });
  for (let h = 0; h < hours; h++) {
    writeHour(FIRST_HOUR + h * HOUR, h === hours - 1);
    if (h % 24 === 23) options.progress(`day ${(h + 1) / 24} of ${scale.days}`);
  }
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('journal_mode = DELETE');
  db.close();
  return { path, samples: scale.entities * hours * HOUR, encodeMicroseconds, totalMicrojoules };
}

function writeMinutes(
  statements: ReturnType<typeof prepare>,
  hour: number,
  ids: readonly number[],
  series: readonly Float64Array[],
): { uj: number; maxMw: number }[] {
  const sums = ids.map(() => ({ uj: 0, maxMw: 0 }));
  for (let minute = 0; minute < 60; minute++) {
    statements.coverage.run(60, hour + minute * 60, 60_000, 60_000, PERIOD_STATE.rolledUp);
    for (let i = 0; i < ids.length; i++) {
      let uj = 0;
      let max = 0;
      for (let s = minute * 60; s < minute * 60 + 60; s++) {
        const value = series[i]![s]!;
        uj += value;
        if (value > max) max = value;
      }
      if (uj === 0) continue;
      const maxMw = Math.floor(max / 1000);
      statements.minute.run(ids[i]!, hour + minute * 60, uj, Math.round(uj / 20), maxMw, SRC);
      sums[i]!.uj += uj;
      sums[i]!.maxMw = Math.max(sums[i]!.maxMw, maxMw);
    }
  }
  return sums;
}

function prepare(db: Database.Database) {
  return {
    minute: db.prepare('INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?)'),
    hour: db.prepare('INSERT INTO hour VALUES (?, ?, ?, ?, ?, ?, ?)'),
    block: db.prepare('INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?)'),
    coverage: db.prepare('INSERT INTO coverage VALUES (?, ?, ?, ?, ?)'),
  };
}

function addEntities(db: Database.Database, scale: Scale): number[] {
  const insert = db.prepare(
    `INSERT INTO entity (key, kind, ns, name, uid, first_ts, last_ts) VALUES (?, ?, ?, ?, ?, ?, ${FIRST_HOUR + scale.days * 86_400})`,
  );
  return Array.from({ length: scale.entities }, (_, i) => {
    const kind = i < scale.pods ? 'pod' : 'container';
    const uid = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    return Number(
      insert.run(`${kind}:${uid}`, kind, 'default', `${kind}-${i}`, uid, FIRST_HOUR).lastInsertRowid,
    );
  });
}

/** CPU milliseconds of each of some runs. */
function cpuMilliseconds(runs: number, work: () => void): number[] {
  return Array.from({ length: runs }, () => {
    const before = process.cpuUsage();
    work();
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1000;
  });
}

/** Bytes a row of the plain table that one would write without rollups and blocks, from one hour of it. */
function plainRowBytes(folder: string, entities: number, seed: number): number {
  const path = join(folder, 'plain.db');
  const db = new Database(path);
  db.exec(
    'CREATE TABLE sample (ts INTEGER, e INTEGER, uj INTEGER, PRIMARY KEY (ts, e)) STRICT, WITHOUT ROWID',
  );
  const insert = db.prepare('INSERT INTO sample VALUES (?, ?, ?)');
  const loads = Array.from({ length: entities }, (_, i) => new Load(seededRandom(seed * 1000 + i), i));
  const series = loads.map((load) => {
    const values = new Float64Array(HOUR);
    load.fill(values);
    return values;
  });
  db.transaction(() => {
    for (let s = 0; s < HOUR; s++) {
      for (let i = 0; i < entities; i++) insert.run(FIRST_HOUR + s, i, series[i]![s]!);
    }
  })();
  db.close();
  return statSync(path).size / (HOUR * entities);
}

function ask(
  built: Built,
  scale: Scale,
): { figures: Record<'hour' | 'all' | 'minute' | 'sql' | 'withCpuTime' | 'view', number[]>; rows: number } {
  const reader = openHistoryReader(built.path);
  const range = {
    sinceUnixMilliseconds: FIRST_HOUR * 1000,
    untilUnixMilliseconds: (FIRST_HOUR + scale.days * 86_400) * 1000,
    everyMilliseconds: HOUR * 1000,
    energyOnly: true,
  };
  let joules = 0;
  let rows = 0;
  const hour = cpuMilliseconds(QUERY_RUNS, () => {
    const { series, buckets } = reader.energySeries({ by: 'pod', ...range });
    joules = series.reduce((sum, { totalMicrojoules }) => sum + totalMicrojoules, 0);
    rows = series.length * buckets.count;
  });
  const all = cpuMilliseconds(QUERY_RUNS, () => {
    const pods = reader.energySeries({ by: 'pod', ...range }).series;
    const others = reader.energySeries({ by: 'container', ...range }).series;
    joules = [...pods, ...others].reduce((sum, { totalMicrojoules }) => sum + totalMicrojoules, 0);
  });
  const withCpuTime = cpuMilliseconds(QUERY_RUNS, () => {
    reader.energySeries({ by: 'pod', ...range, energyOnly: false });
  });
  reader.close();
  // A fast answer that is wrong is none.
  if (joules !== built.totalMicrojoules)
    throw new Error(`${joules} uJ found, ${built.totalMicrojoules} uJ written`);
  const db = new Database(built.path, { readonly: true });
  const sql = cpuMilliseconds(QUERY_RUNS, () => {
    db.prepare("SELECT e, h.ts, uj FROM entity CROSS JOIN hour h WHERE kind = 'pod' AND e = id").raw().all();
  });
  const minute = cpuMilliseconds(2, () => {
    db.prepare(
      "SELECT e, ts / 3600, sum(uj) FROM entity CROSS JOIN minute WHERE kind = 'pod' AND e = id GROUP BY e, ts / 3600",
    )
      .raw()
      .all();
  });
  const view = cpuMilliseconds(3, () => {
    db.prepare('SELECT pod, sum(joules) FROM pod_hour GROUP BY pod').all();
  });
  db.close();
  return { figures: { hour, all, minute, sql, withCpuTime, view }, rows };
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const scale = options.quick ? QUICK : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'kisimd-bench-'));
  try {
    const built = build(folder, scale, options);
    const bytes = statSync(built.path).size;
    const fullSamples = FULL.entities * FULL.days * 86_400;
    const bytesPerSample = bytes / built.samples;
    const plain = plainRowBytes(folder, scale.entities, options.seed);
    const { figures, rows } = ask(built, scale);
    const factor = (FULL.pods * FULL.days) / (scale.pods * scale.days);
    return {
      figures: [
        {
          what: `database of ${FULL.entities} entities, ${FULL.days} days at 1 s${options.quick ? ' (extrapolated)' : ''}`,
          value: (bytesPerSample * fullSamples) / 1e6,
          unit: 'MB',
          goal: 1000,
          direction: 'at-most',
          control: { what: 'one row a sample (ts, e, uj), MB', value: (plain * fullSamples) / 1e6 },
        },
        {
          what: `CPU for joules of ${FULL.pods} pods an hour over ${FULL.days} days${options.quick ? ' (extrapolated)' : ''}`,
          value: median(figures.hour) * factor,
          unit: 'ms',
          goal: 50,
          direction: 'at-most',
          control: { what: 'the same from the minute table, ms', value: median(figures.minute) * factor },
        },
      ],
      seeds: [options.seed],
      details: {
        scale: `${scale.entities} entities (${scale.pods} pods), ${scale.days} days, ${built.samples} samples`,
        databaseBytes: bytes,
        bytesPerSample,
        plainRowBytesPerSample: plain,
        encodeMicrosecondsPerSample: built.encodeMicroseconds / built.samples,
        rowsInTheAnswer: rows,
        firstRunCpuMilliseconds: figures.hour[0]!,
        runsCpuMilliseconds: figures.hour,
        allEntitiesCpuMilliseconds: median(figures.all),
        withCpuTimeAndMaximaCpuMilliseconds: median(figures.withCpuTime),
        viewSumByPodCpuMilliseconds: median(figures.view),
        plainSqlRowsCpuMilliseconds: median(figures.sql),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const historyBench: Bench = {
  name: 'history',
  what: '200 entities, 30 days at 1 s: size of the database, and joules per pod per hour over all of it',
  run,
};
