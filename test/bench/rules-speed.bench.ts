import { energyRules } from '../../src/policy/energy/rules.ts';
import { policyByName } from '../../src/policy/registry.ts';
import { Simulation } from '../../src/simulation/engine.ts';
import { scenarioByName } from '../../src/simulation/scenarios/scenarios.ts';
import type { SimulationInput } from '../../src/simulation/simulation.ts';
import { type Bench, type BenchFigure, median } from './bench.ts';

const GOAL = 100_000;
const CONTROL = 'round-robin';
const LOAD = 0.6;

/** Whole simulated half-days, from making the run to its result; only generating the workload is not counted. */
function placementsPerCpuSecond(inputs: readonly SimulationInput[]): number {
  let placed = 0;
  const before = process.cpuUsage();
  for (const input of inputs) {
    const simulation = new Simulation(input);
    simulation.advance();
    placed += simulation.result().placed;
  }
  const { user, system } = process.cpuUsage(before);
  return (placed * 1e6) / (user + system);
}

/** Every energy rule in the engine, on 24 nodes of three types, that never sleep (B) and that do (D). */
export const rulesSpeedBench: Bench = {
  name: 'rules-speed',
  what: 'placements a second of every energy rule in the engine, 24 nodes',
  async run({ quick, seed, progress }) {
    const rounds = quick ? 2 : 9;
    const seeds = Array.from({ length: quick ? 1 : 5 }, (_, i) => seed + i);
    const names = [CONTROL, ...energyRules.map(({ rule }) => rule.name)];
    const cells = ['B', 'D'].flatMap((scenario) => {
      const generated = seeds.map((workloadSeed) =>
        scenarioByName(scenario).generate({ clusterSeed: 0, workloadSeed, load: LOAD }),
      );
      return names.map((name) => ({
        scenario,
        name,
        inputs: generated.map((each, i) => ({ ...each, policy: policyByName(name), seed: seeds[i]! })),
        speeds: [] as number[],
      }));
    });
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
      // Round after round through all rules, so that what else the machine does hits all alike.
      for (const cell of cells) {
        const speed = placementsPerCpuSecond(cell.inputs);
        if (round > 0) cell.speeds.push(speed);
      }
    }
    const speedOf = (name: string, scenario: string) =>
      median(cells.find((cell) => cell.name === name && cell.scenario === scenario)!.speeds);
    const figures = energyRules.map(({ rule }): BenchFigure => {
      const scenario = speedOf(rule.name, 'B') < speedOf(rule.name, 'D') ? 'B' : 'D';
      return {
        what: `${rule.name}, scenario ${scenario} (the slower one)`,
        value: speedOf(rule.name, scenario),
        unit: 'placements/s',
        goal: GOAL,
        direction: 'at-least',
        control: { what: `${CONTROL} in the same engine`, value: speedOf(CONTROL, scenario) },
      };
    });
    const [slowest, ...others] = figures.sort((a, b) => a.value - b.value);
    const { nodes, workload } = cells[0]!.inputs[0]!;
    return {
      figures: [slowest!, ...others],
      seeds,
      details: {
        nodes: nodes.length,
        load: LOAD,
        'pods of the first workload': workload.items.length,
        'window h': workload.windowSeconds / 3600,
        rounds,
        clock: 'CPU time of the process, user and system',
      },
    };
  },
};
