import { clusterStatements } from './cluster-schema.ts';
import { collectionStatements } from './collection-schema.ts';
import { decisionStatements } from './decision-schema.ts';
import { loopStatements } from './loop-schema.ts';
import { viewStatements } from './views.ts';

/** 'KSMD' in ASCII: tells our databases from everybody else's (`pragma application_id`). */
export const APPLICATION_ID = 0x4b534d44;

/** Rows of `entity` that are always there. Entity 0 stands for the meter's own time, in blocks only. */
export const METERED_TIME_ID = 0;
export const NODE_ID = 1;
export const IDLE_ID = 2;
export const UNATTRIBUTED_ID = 3;

/** Column `state` of `coverage`. open: to be served from finer rows. rolledUp: finer rows are there too. */
export const PERIOD_STATE = { open: 0, rolledUp: 1, finerRowsGone: 2 } as const;

/** An entity's block of an hour has the row id entity * 2^20 + unix time / 3600. */
export const BLOCK_ID_STRIDE = 2 ** 20;

export function blockId(entityId: number, hourUnixSeconds: number): number {
  return entityId * BLOCK_ID_STRIDE + hourUnixSeconds / 3600;
}

/** One step of the schema; the index + 1 is the `user_version` it leads to. Never edit one that was released. */
export type Migration = readonly string[];

const tables: Migration = [
  // The fixed rows have no first_ts and last_ts of their own to keep them out of retention.
  `CREATE TABLE entity (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    ns TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    uid TEXT NOT NULL DEFAULT '',
    pid INTEGER,
    exe TEXT NOT NULL DEFAULT '',
    runtime TEXT NOT NULL DEFAULT '',
    container_id TEXT NOT NULL DEFAULT '',
    pod_uid TEXT NOT NULL DEFAULT '',
    vm_id TEXT NOT NULL DEFAULT '',
    first_ts INTEGER NOT NULL,
    last_ts INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX entity_kind ON entity (kind, last_ts)',
  'CREATE INDEX entity_last ON entity (last_ts)',
  `CREATE TABLE recent (
    ts INTEGER NOT NULL,
    e INTEGER NOT NULL,
    uj INTEGER NOT NULL,
    cpu_us INTEGER NOT NULL,
    src INTEGER NOT NULL,
    PRIMARY KEY (ts, e)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE minute (
    e INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    uj INTEGER NOT NULL,
    cpu_us INTEGER NOT NULL,
    max_mw INTEGER NOT NULL,
    src INTEGER NOT NULL,
    PRIMARY KEY (e, ts)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE hour (
    e INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    uj INTEGER NOT NULL,
    cpu_us INTEGER NOT NULL,
    max_mw INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    src INTEGER NOT NULL,
    PRIMARY KEY (e, ts)
  ) STRICT, WITHOUT ROWID`,
  // A rowid table: WITHOUT ROWID rows of this size live on overflow pages and take 1.7 times the room.
  `CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    n INTEGER NOT NULL,
    q INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    src INTEGER NOT NULL,
    uj_sum INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT`,
  `CREATE TABLE coverage (
    period INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    ms INTEGER NOT NULL,
    full_ms INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (period, ts)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX coverage_open ON coverage (period, ts) WHERE state = 0 AND period > 1`,
  `CREATE TABLE gap (
    ts INTEGER NOT NULL,
    zone TEXT NOT NULL,
    reason TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (ts, zone, reason)
  ) STRICT, WITHOUT ROWID`,
  'CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  `INSERT INTO entity (id, key, kind, name, first_ts, last_ts) VALUES
    (${NODE_ID}, 'node', 'node', 'node', 0, 0),
    (${IDLE_ID}, 'idle', 'idle', 'idle', 0, 0),
    (${UNATTRIBUTED_ID}, 'unattributed', 'unattributed', 'unattributed', 0, 0)`,
];

/** Forward only. */
export const migrations: readonly Migration[] = [
  [...tables, ...viewStatements],
  decisionStatements,
  clusterStatements,
  collectionStatements,
  loopStatements,
];
