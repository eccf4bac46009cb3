import type { Bench } from './bench.ts';
import { closedForms } from './support/closed-form-cases.ts';
import { type MmcCell, simulateMmc } from './support/mmc.ts';

const GOAL_RELATIVE = 1e-9;
const GOAL_WIDTH_PERCENT = 0.5;
const CONFIDENCE = 0.95;

/** Light to heavy; as many replications as make the interval narrow enough, settled before they were run. */
const cells: readonly MmcCell[] = [
  { servers: 1, load: 0.5, replications: 290 },
  { servers: 2, load: 0.8, replications: 60 },
  { servers: 4, load: 0.7, replications: 180 },
  { servers: 8, load: 0.9, replications: 200 },
];

export const closedFormsBench: Bench = {
  name: 'closed-forms',
  what: 'simulated energy and waits of one node against closed forms, and M/M/c against Erlang',
  async run({ quick, seed, progress }) {
    const forms = closedForms(seed, quick).map((form) => ({
      ...form,
      error: Math.abs(form.simulated / form.exact - 1),
    }));
    const worst = forms.reduce((a, b) => (a.error > b.error ? a : b));
    // Bonferroni: with this chance or more, all of the values lie inside at once.
    const confidence = 1 - (1 - CONFIDENCE) / cells.length;
    const queues = cells.map((cell) => {
      const replications = quick ? 12 : cell.replications;
      const name = `M/M/${cell.servers} at ${cell.load}`;
      progress(`${name}, ${replications} replications`);
      const estimate = simulateMmc({ ...cell, replications }, seed, confidence);
      const { exact, mean, half, plainHalf } = estimate;
      return {
        ...estimate,
        name,
        widthPercent: (200 * half) / exact,
        plainPercent: (200 * plainHalf) / exact,
        distance: Math.abs(mean - exact) / half,
      };
    });
    const greatest = (of: (queue: (typeof queues)[number]) => number) => Math.max(...queues.map(of));
    return {
      figures: [
        {
          what: `greatest relative difference of ${forms.length} closed forms (${worst.what})`,
          value: worst.error,
          unit: '',
          goal: GOAL_RELATIVE,
          direction: 'at-most',
          control: { what: 'resolution of a double', value: Number.EPSILON },
        },
        {
          what: 'greatest difference of a wait from the recursion over the same arrivals',
          value: greatest(({ pathError }) => pathError),
          unit: 'mean lives',
          goal: GOAL_RELATIVE,
          direction: 'at-most',
          control: { what: 'greatest mean wait, mean lives', value: greatest(({ exact }) => exact) },
        },
        {
          what: "widest interval of M/M/c's mean wait",
          value: greatest(({ widthPercent }) => widthPercent),
          unit: '%',
          goal: GOAL_WIDTH_PERCENT,
          direction: 'at-most',
          control: {
            what: 'without control variates, %',
            value: greatest(({ plainPercent }) => plainPercent),
          },
        },
        {
          what: "distance of Erlang's value from the middle of its interval, greatest, in half widths",
          value: greatest(({ distance }) => distance),
          unit: '',
          goal: 1,
          direction: 'at-most',
          control: { what: 'queues', value: queues.length },
        },
      ],
      seeds: [seed],
      details: {
        'confidence of all intervals together': CONFIDENCE,
        'confidence of each interval': confidence,
        ...Object.fromEntries(forms.map(({ what, error }) => [`${what}: relative difference`, error])),
        ...Object.fromEntries(
          queues.flatMap(({ name, exact, mean, half, plainHalf, arrivals }) => [
            [`${name}: Erlang's mean wait, mean lives`, exact],
            [`${name}: simulated`, mean],
            [`${name}: half width`, half],
            [`${name}: half width without controls`, plainHalf],
            [`${name}: arrivals`, arrivals],
          ]),
        ),
      },
    };
  },
};
