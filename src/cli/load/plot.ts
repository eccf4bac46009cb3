import type { Plot, PlotSeries } from '../../export/plot/plot.ts';
import type { LoadPattern } from '../../load/pattern/load-pattern.ts';
import type { LoadReport } from '../../load/report/load-report.ts';

/** What was wanted and what came, second by second. */
export function runPlot({ pattern, loop, seconds, startedUnixMilliseconds }: LoadReport): Plot {
  const series = (
    name: string,
    pick: (second: LoadReport['seconds'][number]) => number | null,
  ): PlotSeries => ({
    name,
    points: seconds.map((second) => ({
      unixMilliseconds: startedUnixMilliseconds + 1000 * second.second,
      value: pick(second) ?? undefined,
      provenance: 'measured',
    })),
  });
  const rate = (count: number, length: number) => (length > 0 ? count / length : null);
  return {
    title: `Load: ${pattern}`,
    unit: loop === 'open' ? 'requests/s' : 'users, requests/s',
    series: [
      series(loop === 'open' ? 'pattern' : 'pattern (users)', ({ wanted }) => wanted),
      ...(loop === 'open' ? [] : [series('users', ({ users }) => users)]),
      series('sent', ({ sent, seconds: length }) => rate(sent, length)),
      series('errors', ({ errors, seconds: length }) => rate(errors, length)),
    ],
  };
}

const POINTS = 400;

/** Several patterns in one picture, over time from 0. */
export function patternsPlot(patterns: readonly LoadPattern[]): Plot {
  return {
    title: 'Load patterns',
    unit: 'users or requests/s',
    series: patterns.map((pattern) => ({
      name: pattern.name,
      points: Array.from({ length: POINTS + 1 }, (_, i) => {
        const seconds = (pattern.durationSeconds * i) / POINTS;
        return {
          unixMilliseconds: 1000 * seconds,
          // The last moment is no more of the pattern; the level before it is shown there.
          value: pattern.levelAt(i === POINTS ? seconds - pattern.durationSeconds / (2 * POINTS) : seconds),
          provenance: 'measured',
        };
      }),
    })),
  };
}
