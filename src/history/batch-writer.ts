import type Database from 'better-sqlite3';
import { PERIOD_STATE } from './schema.ts';
import type { BatchRow, GapNote, SecondBatch } from './second-batch.ts';
import { entityColumns, type Slot } from './stored-entity.ts';

/** A gap that goes on within this time of its end prolongs its row instead of making a new one. */
const GAP_JOIN_SECONDS = 3;
const HOUR = 3600;

interface OpenGap {
  readonly startUnixSeconds: number;
  readonly endUnixSeconds: number;
}

/** Writes one second into `recent`, `coverage`, `entity` and `gap`. To be called inside a transaction. */
export class BatchWriter {
  readonly #statements: ReturnType<typeof prepareStatements>;
  #openGaps = new Map<string, OpenGap>();
  /** Done only when the transaction has been committed. */
  #afterCommit: (() => void)[] = [];

  constructor(db: Database.Database) {
    this.#statements = prepareStatements(db);
  }

  /** Makes memory agree with what was committed. */
  committed(): void {
    for (const action of this.#afterCommit) action();
    this.#afterCommit = [];
  }

  rolledBack(): void {
    this.#afterCommit = [];
  }

  /** Returns the hour (unix seconds) that had been closed and was opened again by this second, if any. */
  write(batch: SecondBatch): number | undefined {
    const { unixSeconds } = batch;
    const minute = unixSeconds - (unixSeconds % 60);
    const hour = unixSeconds - (unixSeconds % HOUR);
    const s = this.#statements;
    let reopened: number | undefined;
    let hourGone = false;
    let minuteDone = false;
    if (batch.rows.length > 0 || batch.meteredMilliseconds > 0) {
      minuteDone = (s.periodState.get(60, minute)?.state ?? PERIOD_STATE.open) !== PERIOD_STATE.open;
      const hourState = s.periodState.get(HOUR, hour)?.state ?? PERIOD_STATE.open;
      hourGone = hourState === PERIOD_STATE.finerRowsGone;
      if (hourState === PERIOD_STATE.rolledUp) {
        // Its seconds are all still there: it is rolled up anew when its time has passed again.
        s.deleteHour.run(hour, hour);
        s.openPeriod.run(HOUR, hour);
        reopened = hour;
      }
      for (const [period, ts] of [
        [1, unixSeconds],
        [60, minute],
        [HOUR, hour],
      ] as const) {
        s.addCoverage.run(period, ts, batch.meteredMilliseconds, batch.fullMilliseconds);
      }
    }
    for (const row of batch.rows) {
      const id = this.#idOf(row.slot, unixSeconds, hour);
      s.addRecent.run(unixSeconds, id, row.microjoules, row.cpuMicroseconds, row.sourceBits);
      if (minuteDone) this.#addToMinute(id, minute, row, batch.meteredMilliseconds);
      if (hourGone) this.#addToHour(id, hour, row, batch.meteredMilliseconds);
    }
    if (hourGone) s.lengthenHour.run(hour, hour, hour);
    for (const gap of batch.gaps) this.#writeGap(gap, unixSeconds);
    s.setMeta.run('last_ts', unixSeconds);
    return reopened;
  }

  /** The minute was summed before; it cannot be summed again from rows that may be gone, so it is added to. */
  #addToMinute(id: number, minute: number, row: BatchRow, milliseconds: number): void {
    this.#statements.addMinute.run(
      id,
      minute,
      row.microjoules,
      row.cpuMicroseconds,
      milliwatts(row, milliseconds),
      row.sourceBits,
    );
  }

  #addToHour(id: number, hour: number, row: BatchRow, milliseconds: number): void {
    this.#statements.addHour.run(
      id,
      hour,
      row.microjoules,
      row.cpuMicroseconds,
      milliwatts(row, milliseconds),
      row.sourceBits,
    );
  }

  #idOf(slot: Slot, unixSeconds: number, hour: number): number {
    const known = slot.idOwner === this;
    if (known && !slot.renamed && slot.seenHour === hour && !slot.terminated) return slot.id;
    const s = this.#statements;
    const c = entityColumns(slot);
    const entity = slot.entity;
    let id = slot.id;
    let rename = slot.renamed;
    if (!known) {
      const row = s.findEntity.get(slot.key);
      if (row === undefined) {
        const { lastInsertRowid } = s.insertEntity.run(
          slot.key,
          c.kind,
          c.ns,
          c.name,
          c.uid,
          c.pid,
          c.exe,
          c.runtime,
          c.containerId,
          c.podUid,
          c.vmId,
          unixSeconds,
          unixSeconds,
        );
        id = Number(lastInsertRowid);
        rename = false;
      } else {
        id = row.id;
        rename = entity !== undefined;
      }
    }
    if (rename) {
      s.renameEntity.run(c.ns, c.name, c.pid, c.exe, c.runtime, c.containerId, c.podUid, c.vmId, id);
    }
    s.sawEntity.run(unixSeconds, unixSeconds, id);
    this.#afterCommit.push(() => {
      slot.id = id;
      slot.idOwner = this;
      slot.seenHour = hour;
      if (slot.entity === entity) slot.renamed = false;
    });
    return id;
  }

  #writeGap(gap: GapNote, batchSecond: number): void {
    const at = gap.startUnixSeconds ?? batchSecond;
    const key = `${gap.zone}\0${gap.reason}`;
    const open = this.#openGaps.get(key);
    const goesOn =
      open !== undefined &&
      at >= open.startUnixSeconds &&
      at - open.endUnixSeconds <= GAP_JOIN_SECONDS &&
      Math.floor(at / HOUR) === Math.floor(open.startUnixSeconds / HOUR);
    const start = goesOn ? open.startUnixSeconds : at;
    this.#statements.addGap.run(start, gap.zone, gap.reason, gap.seconds);
    this.#openGaps.set(key, { startUnixSeconds: start, endUnixSeconds: at + gap.seconds });
  }
}

function milliwatts(row: BatchRow, milliseconds: number): number {
  return milliseconds > 0 ? Math.floor(row.microjoules / milliseconds) : 0;
}

function prepareStatements(db: Database.Database) {
  const sums =
    'ON CONFLICT DO UPDATE SET uj = uj + excluded.uj, cpu_us = cpu_us + excluded.cpu_us, src = src | excluded.src';
  return {
    periodState: db.prepare<[number, number], { state: number }>(
      'SELECT state FROM coverage WHERE period = ? AND ts = ?',
    ),
    openPeriod: db.prepare<[number, number]>('UPDATE coverage SET state = 0 WHERE period = ? AND ts = ?'),
    addCoverage: db.prepare<[number, number, number, number]>(
      `INSERT INTO coverage (period, ts, ms, full_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ms = ms + excluded.ms, full_ms = full_ms + excluded.full_ms`,
    ),
    addRecent: db.prepare<[number, number, number, number, number]>(
      `INSERT INTO recent VALUES (?, ?, ?, ?, ?) ${sums}`,
    ),
    addMinute: db.prepare<[number, number, number, number, number, number]>(
      `INSERT INTO minute VALUES (?, ?, ?, ?, ?, ?) ${sums}, max_mw = max(max_mw, excluded.max_mw)`,
    ),
    addHour: db.prepare<[number, number, number, number, number, number]>(
      `INSERT INTO hour (e, ts, uj, cpu_us, max_mw, ms, src) VALUES (?, ?, ?, ?, ?, 0, ?) ${sums}, max_mw = max(max_mw, excluded.max_mw)`,
    ),
    lengthenHour: db.prepare<[number, number, number]>(
      `UPDATE hour SET ms = (SELECT ms FROM coverage WHERE period = 3600 AND coverage.ts = ?)
       WHERE ts = ? AND e IN (SELECT id FROM entity WHERE last_ts >= ?)`,
    ),
    deleteHour: db.prepare<[number, number]>(
      'DELETE FROM hour WHERE ts = ? AND e IN (SELECT id FROM entity WHERE last_ts >= ?)',
    ),
    findEntity: db.prepare<[string], { id: number }>('SELECT id FROM entity WHERE key = ?'),
    insertEntity: db.prepare(
      `INSERT INTO entity (key, kind, ns, name, uid, pid, exe, runtime, container_id, pod_uid, vm_id, first_ts, last_ts)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    renameEntity: db.prepare(
      `UPDATE entity SET ns = ?, name = ?, pid = ?, exe = ?, runtime = ?, container_id = ?, pod_uid = ?, vm_id = ?
       WHERE id = ?`,
    ),
    sawEntity: db.prepare<[number, number, number]>(
      'UPDATE entity SET first_ts = min(first_ts, ?), last_ts = max(last_ts, ?) WHERE id = ?',
    ),
    addGap: db.prepare<[number, string, string, number]>(
      'INSERT INTO gap VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds',
    ),
    setMeta: db.prepare<[string, number]>(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
  };
}
