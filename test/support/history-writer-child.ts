import { writeSync } from 'node:fs';
import { History } from '../../src/history/history.ts';
import { silentLogger } from '../../src/util/log.ts';
import { historyConfig, steadySecond } from './history-intervals.ts';

/*
 * A daemon's history in fast motion, to be killed: writes one second after the other as fast as it can and tells
 * each one when it has been committed. Arguments: database, first second, number of seconds.
 */
const [path, from, count] = process.argv.slice(2);
const history = new History({
  config: historyConfig(path!, { recentHours: 1 }),
  log: silentLogger,
  defer: (write) => write(),
});
history.open();
for (let i = 0; i < Number(count); i++) {
  const second = Number(from) + i;
  history.accept(steadySecond(second));
  const written = history.status.lastWriteUnixSeconds;
  if (written !== undefined) writeSync(1, `${written}\n`);
}
history.close();
