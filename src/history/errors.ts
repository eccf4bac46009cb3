import { defineErrors } from '../util/errors.ts';

export const historyErrors = defineErrors({
  KISIM_E_HISTORY_LOCKED: {
    summary: 'another daemon writes this history',
    expected: 'one writer for a database',
    action: 'stop the other daemon, or give this one a database of its own with `--set history.path=...`',
  },
  KISIM_E_HISTORY_FOREIGN: {
    summary: 'the file is not a history of kisimd',
    expected: 'a SQLite database with the application id of kisimd, or no file at all',
    action: 'choose another path with `--set history.path=...`; the file was left as it is',
  },
  KISIM_E_HISTORY_NEWER: {
    summary: 'the history was written by a newer version of kisimd',
    expected: 'a schema version that this version knows',
    action: 'install the newer version again, or choose another path; the file was left as it is',
  },
  KISIM_E_HISTORY_MIGRATION: {
    summary: 'the history cannot be brought to the present schema',
    expected: 'a migration that succeeds; a failed one is rolled back as a whole',
    action: 'make a copy of the database and report this error with its cause',
  },
  KISIM_E_HISTORY_CORRUPT: {
    summary: 'the history is damaged',
    expected: 'a database that passes `pragma quick_check`',
    action:
      'start the daemon: it moves the file aside and begins a new one; recover the old one with `sqlite3 FILE .recover`',
  },
  KISIM_E_HISTORY_OPEN: {
    summary: 'the history cannot be opened',
    expected: 'a readable database; for the daemon a writable file in a writable folder',
    action: 'check the path, its owner and its permissions, and whether the disk is full or read-only',
  },
  KISIM_E_HISTORY_WRITE: {
    summary: 'the history takes no rows at present',
    expected: 'a disk with free space that can be written',
    action:
      'free some space or mend the disk; metering goes on, and what waits in memory is written as soon as the disk takes it',
  },
  KISIM_E_HISTORY_BLOCK: {
    summary: 'a block of one-second values cannot be decoded',
    expected: 'a block with a known codec and 3600 values',
    action:
      'run `sqlite3 FILE "pragma integrity_check"`; the minute and hour rows of that hour are kept apart',
  },
  KISIM_E_HISTORY_CLOSED: {
    summary: 'the history is not open',
    expected: 'a call between open() and close()',
    action: 'open the history first',
  },
  KISIM_E_HISTORY_QUERY: {
    summary: 'the history cannot answer this question',
    expected: 'a time range that is not empty and steps that the stored resolution allows',
    action: 'choose a shorter range or a longer step (`--every 1m`, `--every 1h`)',
  },
});
