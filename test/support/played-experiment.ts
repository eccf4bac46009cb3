import type { NodeEnergyCounters, NodeEnergyReading, NodeJoules } from '../../src/cluster/node-energy.ts';
import type { PodLivesSource } from '../../src/daemon/experiment/pod-lives.ts';
import {
  ExperimentRunner,
  type ExperimentRunnerOptions,
  type Hindrance,
} from '../../src/daemon/experiment/runner.ts';
import type {
  ExperimentRecord,
  JournalEvent,
  PodRecord,
} from '../../src/evaluation/switchback/journal-records.ts';
import { sampleSecondsOf } from '../../src/evaluation/switchback/measure.ts';
import type { SwitchbackPlan } from '../../src/evaluation/switchback/plan.ts';
import type { PowerCurve } from '../../src/power-model/power-curve.ts';
import type { Clock } from '../../src/util/clock.ts';
import type { Joules, Milliseconds } from '../../src/util/units.ts';
import { ManualTime, settled } from './manual-time.ts';
import { recordingLogger } from './open-history.ts';

interface PlayedNode {
  readonly curve: PowerCurve;
  readonly cpuMilli: number;
  usedMilli: number;
  joules: Joules;
  upTo: Milliseconds;
}

/** Nodes whose counters go by a power curve and by what is said to run on them. */
export class PlayedEnergy implements NodeEnergyCounters {
  readonly nodes = new Map<string, PlayedNode>();
  readonly missing = new Map<string, string>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(name: string, cpuMilli: number, curve: PowerCurve): void {
    this.nodes.set(name, { curve, cpuMilli, usedMilli: 0, joules: 0, upTo: this.#clock.unixMilliseconds() });
  }

  /** From now on so much more, or less, is used of a node. */
  use(name: string, cpuMilli: number): void {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    this.#count(node);
    node.usedMilli += cpuMilli;
  }

  /** Of all nodes together. */
  now(): Joules {
    let sum = 0;
    for (const node of this.nodes.values()) {
      this.#count(node);
      sum += node.joules;
    }
    return sum;
  }

  read(): Promise<NodeEnergyReading> {
    const unixMilliseconds = this.#clock.unixMilliseconds();
    const nodes = new Map<string, NodeJoules>();
    for (const [name, node] of this.nodes) {
      this.#count(node);
      if (!this.missing.has(name))
        nodes.set(name, { joules: node.joules, source: 'played', asOfUnixMilliseconds: unixMilliseconds });
    }
    return Promise.resolve({ unixMilliseconds, nodes, missing: new Map(this.missing) });
  }

  #count(node: PlayedNode): void {
    const now = this.#clock.unixMilliseconds();
    node.joules += (node.curve.watts(node.usedMilli / node.cpuMilli) * (now - node.upTo)) / 1000;
    node.upTo = now;
  }
}

/** Pods whose lives a test tells. */
export class ToldPods implements PodLivesSource {
  alive: readonly string[] = [];
  steps: readonly PodRecord[] = [];
  isStopped = false;
  told: (record: PodRecord) => void = () => undefined;

  start(told: (record: PodRecord) => void) {
    this.told = told;
    return Promise.resolve({ alive: this.alive, steps: this.steps });
  }

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
}

/** A journal that is kept nowhere. */
export class MemoryJournal {
  readonly header: ExperimentRecord;
  readonly lines: JournalEvent[] = [];
  full = false;

  constructor(plan: SwitchbackPlan) {
    this.header = { kind: 'experiment', format: 1, version: '0', plan, sampleSeconds: sampleSecondsOf(plan) };
  }

  append(event: JournalEvent): void {
    if (this.full) throw new Error('disk full');
    // Over the disk and back.
    this.lines.push(JSON.parse(JSON.stringify(event)) as JournalEvent);
  }

  events(): readonly JournalEvent[] {
    return this.lines;
  }
}

/** A runner with everything around it played. */
export function playedExperiment(plan: SwitchbackPlan, given: Partial<ExperimentRunnerOptions> = {}) {
  const time = new ManualTime();
  const energy = new PlayedEnergy(time.clock);
  const journal = new MemoryJournal(plan);
  const pods = new ToldPods();
  const { log, events } = recordingLogger();
  const used: string[] = [];
  const world: { hindrance: Hindrance | undefined } = { hindrance: undefined };
  const ending = new AbortController();
  const options: ExperimentRunnerOptions = {
    journal,
    policies: { use: (name) => void used.push(name) },
    energy,
    pods,
    hindrance: () => world.hindrance,
    clock: time.clock,
    sleep: time.sleep,
    log,
    ...given,
  };
  const runner = new ExperimentRunner(options);
  return { time, energy, journal, pods, used, world, log, events, runner, ending, settled, options };
}
