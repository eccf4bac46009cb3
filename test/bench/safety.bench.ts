import { controlPlaneMissing } from '../cluster/support/needs.ts';
import type { Bench, BenchFigure } from './bench.ts';
import { runLive } from './support/live/run-live.ts';
import type { SafetyGiven, SafetyResult } from './support/live/safety-run.ts';

/** What must never happen, however much goes wrong: on the real API server, judged by a watch that is none of the program's. */
export const safetyBench: Bench = {
  name: 'safety',
  what: 'pods left gated, patched twice or touched without opt-in, with faults of every kind put in',
  skip: () => controlPlaneMissing() || undefined,
  async run({ quick, seed, progress }) {
    const given: SafetyGiven = {
      pods: quick ? 600 : 10_000,
      podsPerSecond: 10,
      faultEverySeconds: quick ? 5 : 20,
      seed,
    };
    const result = await runLive<SafetyResult>('safety-run.ts', given, progress);
    const never = (what: string, value: number, control: BenchFigure['control']): BenchFigure => ({
      what,
      value,
      unit: 'pods',
      goal: 0,
      direction: 'at-most',
      control,
    });
    const events = Object.values(result.events).reduce((sum, count) => sum + count, 0);
    const ours = { what: 'pods that were to be placed', value: result.ours };
    return {
      figures: [
        never(
          'gated past their deadline and what a write may take, while there was a server and a leader',
          result.overdue,
          {
            what: 'held past it, with the time in which there was neither',
            value: result.heldLonger,
          },
        ),
        never('gated at the end, or never', result.stillGated + result.neverGated, ours),
        never('written twice, by whomever', result.writtenTwice, ours),
        never('decided by two leaders', result.twoDeciders, {
          what: 'terms of leaders',
          value: result.fencingTokens,
        }),
        never(
          'touched without opt-in, or with a gate of others taken away',
          result.touched + result.lostForeignGates,
          {
            what: 'pods that were not to be touched',
            value: result.created - result.ours,
          },
        ),
        {
          what: 'pods created',
          value: result.created,
          unit: 'pods',
          goal: given.pods,
          direction: 'at-least',
          control: { what: 'versions of pods that were looked at', value: result.versionsSeen },
        },
        {
          what: 'leaders killed, stopped or frozen, servers restarted, connections cut',
          value: events,
          unit: 'times',
          goal: quick ? 1 : 15,
          direction: 'at-least',
          control: { what: 'stretches without a server or a leader', value: result.outages },
        },
        {
          // Otherwise the first figure says little.
          what: 'time with a server and a leader that had what it needs',
          value: 100 * result.servedShare,
          unit: '%',
          goal: quick ? 5 : 25,
          direction: 'at-least',
          control: { what: 'pods placed by decision', value: result.placedByDecision },
        },
      ],
      seeds: [seed],
      details: {
        'placed by decision': result.placedByDecision,
        'freed as they were': result.freedUnmodified,
        'stretches without a server or a leader, with what a leader may take after each, s':
          result.outageSeconds,
        'longest held, all in, s': result.longestHeldSeconds,
        'longest held while there was a server and a leader, s': result.longestServedSeconds,
        ...prefixed('done', result.events),
        ...prefixed('told by them:', result.told),
        ...prefixed('put into requests of the daemons that ended in order:', result.faults),
      },
    };
  },
};

function prefixed(prefix: string, counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([what, count]) => [`${prefix} ${what}`, count]));
}
