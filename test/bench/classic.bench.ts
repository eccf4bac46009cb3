import { loadAddon } from '../../src/native/addon.ts';
import { type Bench, type BenchFigure, median } from './bench.ts';
import { type ClassicRun, classicRun } from './support/classic-run.ts';
import { type ClassicTask, classicTasks } from './support/classic-tasks.ts';
import { openJournal } from './support/journal.ts';

const SEEDS = 5;
const PEAK_SECONDS = 0.3;
/** Of a run: hyperparameters, evaluations, what is measured. Another one begins a journal anew. */
const RECIPE = 'classic 1';

/** `KISIM_CLASSIC=A2C,Acrobot` runs only the tasks whose names hold one of these, for development; said in the details. */
const wanted = process.env['KISIM_CLASSIC']?.split(',');
/** `KISIM_CLASSIC_RUNS=FILE` keeps each run in a journal and takes those that are there as they are: to go on after a stop. */
const journalPath = process.env['KISIM_CLASSIC_RUNS'];

export const classicBench: Bench = {
  name: 'classic',
  what: 'classic control with the hyperparameters of the RL zoo: how soon it is solved, and how fast on one core',
  async run({ quick, seed, progress }) {
    const journal = openJournal<KeptRun>(quick ? undefined : journalPath, RECIPE);
    const learner = loadAddon();
    const set = learner.instructionSets().at(-1)!;
    const peak = learner.measurePeak(set, PEAK_SECONDS);
    const seeds = Array.from({ length: quick ? 1 : SEEDS }, (_, i) => seed + i);
    const tasks = classicTasks.filter(
      ({ name }) => wanted === undefined || wanted.some((part) => name.includes(part)),
    );
    const figures: BenchFigure[] = [];
    const details: Record<string, number | string | readonly number[]> = {
      'arithmetic peak of one core, GF/s': peak / 1e9,
      kernels: set,
      ...(wanted === undefined ? {} : { 'only tasks with': wanted.join(', ') }),
    };
    const taken = journal.records.length;
    if (taken > 0) details['runs taken from a journal, timed when they were made'] = taken;
    for (const task of tasks) {
      const budget = quick ? Math.round(task.budget / 50) : task.budget;
      const runs = seeds.map((one) => {
        const kept = journal.records.find(
          (record) => record.task === task.name && record.seed === one && record.budget === budget,
        );
        const run = kept ?? { task: task.name, budget, ...classicRun(task, one, budget) };
        if (kept === undefined) journal.add(run);
        progress(told(task, run));
        return run;
      });
      figures.push(...figuresOf(task, runs, peak, budget));
      Object.assign(details, detailsOf(task, runs, budget));
    }
    const [first, ...rest] = figures;
    if (first === undefined) throw new RangeError(`no task has ${wanted?.join(' or ')} in its name`);
    return { figures: [first, ...rest], seeds, details };
  },
};

interface KeptRun extends ClassicRun {
  readonly task: string;
  readonly budget: number;
}

function figuresOf(
  task: ClassicTask,
  runs: readonly ClassicRun[],
  peak: number,
  budget: number,
): readonly BenchFigure[] {
  const { name, goal, stepsPerSecond, operationsPerStep } = task;
  const scores = runs.map(({ score }) => score);
  const figures: BenchFigure[] = [
    {
      what: `${name}: worst of ${runs.length} seeds, mean of 100 greedy episodes within ${budget} steps`,
      value: Math.min(...scores),
      unit: 'return',
      goal,
      direction: 'at-least',
      control: {
        what: 'mean of the seeds',
        value: scores.reduce((sum, score) => sum + score, 0) / runs.length,
      },
    },
  ];
  if (stepsPerSecond !== undefined)
    figures.push({
      what: `${name}: environment steps a CPU second, median of seeds`,
      value: median(runs.map(({ speed }) => speed)),
      unit: 'steps/s',
      goal: stepsPerSecond,
      direction: 'at-least',
      control: { what: 'its arithmetic at the peak of this core', value: peak / operationsPerStep },
    });
  return figures;
}

function detailsOf(
  { name, toTheEnd }: ClassicTask,
  runs: readonly ClassicRun[],
  budget: number,
): Readonly<Record<string, number | string | readonly number[]>> {
  return {
    [`${name}: seeds at the goal`]: `${runs.filter(({ reached }) => reached).length} of ${runs.length} within ${budget} steps`,
    [`${name}: scores`]: runs.map(({ score }) => score),
    [`${name}: steps to them`]: runs.map(({ steps }) => steps),
    [`${name}: CPU seconds to them`]: runs.map(({ seconds }) => Number(seconds.toFixed(2))),
    [`${name}: steps a CPU second`]: runs.map(({ speed }) => Math.round(speed)),
    ...(toTheEnd ? { [`${name}: scores at the end`]: runs.map(({ atTheEnd }) => atTheEnd!) } : {}),
  };
}

function told({ name }: ClassicTask, run: ClassicRun): string {
  const { seed, score, steps, seconds, reached, atTheEnd, speed } = run;
  const end = atTheEnd === undefined ? '' : `, ${atTheEnd.toFixed(1)} at the end`;
  return `${name} seed ${seed}: ${score.toFixed(1)} after ${steps} steps and ${seconds.toFixed(1)} CPU s${reached ? '' : ' (goal not reached)'}${end}, ${Math.round(speed)} steps/s`;
}
