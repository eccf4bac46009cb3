import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ExperimentJournal, JOURNAL_FILE } from '../../../../src/daemon/experiment/journal.ts';
import type {
  ExperimentRecord,
  JournalEvent,
} from '../../../../src/evaluation/switchback/journal-records.ts';
import { KisimError } from '../../../../src/util/errors.ts';
import { planOf } from '../../../support/played-switchback.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const header: ExperimentRecord = {
  kind: 'experiment',
  format: 1,
  version: '1',
  plan: planOf(),
  sampleSeconds: 25,
};
const event: JournalEvent = { kind: 'end', at: 5, index: 3 };

function coded(code: string): (error: unknown) => boolean {
  return (error) => error instanceof KisimError && error.code === `KISIM_E_EXPERIMENT_${code}`;
}

describe('a journal', () => {
  test('is taken up again with its plan and all that was written', (t) => {
    const folder = join(temporaryFolder(t), 'new', 'folder');
    const journal = ExperimentJournal.create(folder, header);
    journal.append(event);
    journal.close();
    const again = ExperimentJournal.resume(folder);
    again.append({ ...event, index: 4 });
    assert.deepEqual(again.header, header);
    assert.deepEqual(again.events(), [event, { ...event, index: 4 }]);
    again.close();
  });

  test('of a machine that went down within a line goes on after the last whole one', (t) => {
    const folder = temporaryFolder(t);
    const journal = ExperimentJournal.create(folder, header);
    journal.append(event);
    journal.close();
    const path = join(folder, JOURNAL_FILE);
    const whole = readFileSync(path, 'utf8');
    for (let cut = 1; cut < 20; cut++) {
      writeFileSync(path, whole);
      appendFileSync(path, '{"kind":"end","at":7,"index":4}'.slice(0, cut));
      const again = ExperimentJournal.resume(folder);
      again.append({ ...event, index: 9 });
      assert.deepEqual(again.events(), [event, { ...event, index: 9 }]);
      again.close();
    }
  });

  test('is not begun over another one', (t) => {
    const folder = temporaryFolder(t);
    const journal = ExperimentJournal.create(folder, header);
    journal.append(event);
    journal.close();
    assert.throws(() => ExperimentJournal.create(folder, header), coded('FOLDER_USED'));
  });

  test('of which nothing was done is begun anew, with another plan', (t) => {
    const folder = temporaryFolder(t);
    ExperimentJournal.create(folder, header).close();
    const again = ExperimentJournal.create(folder, { ...header, plan: planOf({ seed: 9 }) });
    again.append(event);
    again.close();
    const resumed = ExperimentJournal.resume(folder);
    assert.equal(resumed.header.plan.seed, 9);
    assert.deepEqual(resumed.events(), [event]);
    resumed.close();
  });

  test('that is not there, is empty, or is another file is told apart', (t) => {
    const folder = temporaryFolder(t);
    assert.throws(() => ExperimentJournal.resume(folder), coded('NOTHING_TO_RESUME'));
    assert.throws(() => ExperimentJournal.resume(join(folder, 'nowhere')), coded('NOTHING_TO_RESUME'));
    const path = join(folder, JOURNAL_FILE);
    writeFileSync(path, '');
    assert.throws(() => ExperimentJournal.resume(folder), coded('NOTHING_TO_RESUME'));
    writeFileSync(path, '{"kind":"end"}\n');
    assert.throws(() => ExperimentJournal.resume(folder), coded('JOURNAL'));
    writeFileSync(path, `${JSON.stringify(header)}\nnonsense\n`);
    assert.throws(
      () => ExperimentJournal.resume(folder),
      (error) => coded('JOURNAL')(error) && /journal\.jsonl:2/.test((error as Error).message),
    );
  });
});
