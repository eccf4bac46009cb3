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
  // A pod a second that lives for three, and a node's joules: each is told in two parts.
  const pod = {
    uid: `pod-${second}`,
    namespace: 'n',
    pod: `p-${second}`,
    placeable: true,
    createdUnixMilliseconds: second * 1000,
    cpuMilli: 100,
    memoryBytes: 1,
    slackSeconds: 0,
    scheduling: { labels: { second: `${second % 7}` } },
  };
  history.podRun(pod);
  history.podRun({ ...pod, endedUnixMilliseconds: second * 1000 + 3000 });
  const unixSeconds = second - (second % 60);
  for (const half of [400_000, 600_000])
    history.nodeEnergy({
      node: 'n-1',
      unixSeconds,
      source: 'metered',
      microjoules: half,
      coveredMilliseconds: 500,
    });
  history.accept(steadySecond(second));
  const written = history.status.lastWriteUnixSeconds;
  if (written !== undefined) writeSync(1, `${written}\n`);
}
history.close();
