// Trains models/frozen.onnx, the model for any cluster, and says on its card what it is worth on hardware that it never saw:
//   node scripts/train-frozen.ts --hardware SPECPOWER.csv [--seed 1] [--generations 150] ... [--out models]
// Only the development half of the table is looked at: the first clusters of it train, the others judge.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, versionWithCommit } from '../src/cli/benchmark/machine.ts';
import { cardText } from '../src/cli/train/outcome.ts';
import { version } from '../src/cli/version.ts';
import { cellTwin, ownClusterCells } from '../src/evaluation/own-cluster/cells.ts';
import { ownClusters } from '../src/evaluation/own-cluster/clusters.ts';
import { type FrozenTraining, trainFrozen } from '../src/evaluation/own-cluster/frozen.ts';
import { type FrozenScore, frozenCard, frozenModel } from '../src/evaluation/own-cluster/frozen-model.ts';
import { choosingForCluster, type ModelStanding } from '../src/learning/own-cluster/cluster-choice.ts';
import { weightedPolicy } from '../src/policy/energy/weighted-policy.ts';
import { readSpecTable } from '../src/power-model/spec-table.ts';
import { simulate } from '../src/simulation/engine.ts';
import type { MachineGroup } from '../src/simulation/generators/hardware.ts';
import { replaceFile } from '../src/util/atomic-file.ts';
import { estimateMean } from '../src/util/statistics/mean-interval.ts';

const { values } = parseArgs({
  options: {
    hardware: { type: 'string' },
    seed: { type: 'string', default: '1' },
    generations: { type: 'string', default: '150' },
    population: { type: 'string', default: '24' },
    episodes: { type: 'string', default: '18' },
    'start-episodes': { type: 'string', default: '12' },
    clusters: { type: 'string', default: '12' },
    cells: { type: 'string', default: 'B30,B60,D30,D60,E60' },
    judges: { type: 'string', default: '8' },
    out: { type: 'string', default: 'models' },
  },
});
const { hardware, out } = values;
if (hardware === undefined) throw new Error('--hardware: a table of SPECpower results');
const whole = (
  name: 'seed' | 'generations' | 'population' | 'episodes' | 'start-episodes' | 'clusters' | 'judges',
) => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} ${values[name]}: a whole number from 1`);
  return value;
};
const settings = {
  seed: whole('seed'),
  generations: whole('generations'),
  population: whole('population'),
  sigma: 0.12,
  episodes: whole('episodes'),
  startEpisodes: whole('start-episodes'),
};
const cells = values.cells.split(',').map((name) => {
  const cell = ownClusterCells.find((each) => each.name === name);
  if (cell === undefined)
    throw new Error(`--cells ${name}: of ${ownClusterCells.map((each) => each.name).join(', ')}`);
  return cell;
});
const all = ownClusters(readSpecTable(hardware), 'development');
const training = whole('clusters');
const judges = all
  .map((groups, cluster) => ({ groups, cluster }))
  .slice(training, training + whole('judges'));

const began = process.cpuUsage();
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage(began);
  return Math.round((user + system) / 1e6);
};
const tell = (says: string) => process.stderr.write(`${cpuSeconds()} s CPU: ${says}\n`);

const trained = trainFrozen({
  clusters: all.slice(0, training),
  settings,
  simulate,
  onGeneration: (generation) => tell(`generation ${generation} of ${settings.generations}`),
});
const model = frozenModel(trained);
tell(`trained, from ${trained.start.name}: ${model.sha256}`);
mkdirSync(out, { recursive: true });
replaceFile(join(out, 'frozen.onnx'), model.onnx);
const scores: FrozenScore[] = [];
for (const cell of cells) {
  const standings = judges.map(({ groups, cluster }) => standing(trained, cell, groups, cluster));
  const { mean, interval } = estimateMean(standings.map(({ change }) => 100 * change));
  scores.push({
    where: `${cell.name}, development clusters ${training} to ${training + judges.length - 1}, not trained on`,
    against: `the rule that the portfolio picks there; the portfolio put the model first on ${standings.filter(({ isFirst }) => isFirst).length}`,
    percent: round(mean),
    low: interval === undefined ? null : round(interval.low),
    high: interval === undefined ? null : round(interval.high),
    clusters: judges.length,
  });
  replaceFile(join(out, 'frozen.card.json'), Buffer.from(cardText(card())));
  tell(`${cell.name}: ${JSON.stringify(scores.at(-1))}`);
}

function standing(
  { point }: FrozenTraining,
  cell: (typeof cells)[number],
  groups: readonly MachineGroup[],
  cluster: number,
): ModelStanding {
  const choosing = choosingForCluster({
    twin: cellTwin(cell, groups, cluster),
    models: [{ sha256: model.sha256, policy: weightedPolicy(point, 'first') }],
    awakeFirst: false,
  });
  for (;;) {
    const { done, value } = choosing.next();
    if (done !== true) continue;
    const [first] = value.models;
    tell(
      `${cell.name}, cluster ${cluster}: ${(100 * first!.change).toFixed(2)} % against ${value.rule.name}${first!.isFirst ? ', first' : ''}`,
    );
    return first!;
  }
}

function card() {
  const words = Object.entries(values).flatMap(([name, value]) =>
    name === 'hardware' || name === 'out' ? [] : [`--${name} ${value}`],
  );
  return frozenCard(trained, model, {
    settings,
    data: `clusters 0 to ${training - 1} of the development half of the SPECpower table (src/evaluation/own-cluster/clusters.ts), curves, load, mix, durations and predictions drawn anew each time`,
    scores,
    origin: {
      command: `node scripts/train-frozen.ts --hardware SPECPOWER.csv ${words.join(' ')}`,
      code: versionWithCommit(version()),
      finished: new Date().toISOString(),
      machine: machine(),
      threads: 1,
    },
  });
}

function round(percent: number): number {
  return Number(percent.toFixed(4));
}
