import type { NodeEnergyCounters } from '../../cluster/node-energy.ts';
import type { DecisionSink } from '../../controller/ports.ts';
import { errors } from '../../evaluation/errors.ts';
import type {
  JournalDecision,
  JournalEvent,
  UsedSample,
} from '../../evaluation/switchback/journal-records.ts';
import { measure } from '../../evaluation/switchback/measure.ts';
import { type ScheduledPeriod, scheduleOf } from '../../evaluation/switchback/plan.ts';
import type { Clock } from '../../util/clock.ts';
import type { Logger } from '../../util/log.ts';
import type { Sleep } from '../../util/sleep.ts';
import type { Milliseconds } from '../../util/units.ts';
import { daemonErrors } from '../errors.ts';
import { EnergyReadings } from './energy-readings.ts';
import type { ExperimentJournal } from './journal.ts';
import type { PodLivesSource } from './pod-lives.ts';

/** Who places pods, from now on by another policy. */
export interface PolicySwitch {
  use(name: string): void;
}

/** Why pods are not placed by the experiment at the moment. */
export interface Hindrance {
  readonly kind: 'not-leading' | 'paused';
  readonly says: string;
}

export interface ExperimentProgress {
  readonly period: ScheduledPeriod;
  readonly periods: number;
  readonly doing: 'wash-out' | 'measuring' | 'waiting';
  /** What is waited for. */
  readonly why: string | undefined;
  readonly secondsLeftOfPeriod: number;
  readonly secondsLeft: number;
}

export interface ExperimentRunnerOptions {
  readonly journal: Pick<ExperimentJournal, 'header' | 'events' | 'append'>;
  readonly policies: PolicySwitch;
  readonly energy: NodeEnergyCounters;
  readonly pods: PodLivesSource;
  /** CPU seconds that pods used, of these nodes; left out: their requests are the measure of work. */
  readonly used?: (nodes: Iterable<string>, now: Milliseconds) => UsedSample | undefined;
  /** Told of every step of a pod after it was written, and of the side that the period is on. */
  readonly observe?: (event: JournalEvent) => void;
  /** Asked once a second. */
  readonly hindrance: () => Hindrance | undefined;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly log: Logger;
  readonly progress?: (progress: ExperimentProgress) => void;
  readonly times?: Partial<RunnerTimes>;
}

export interface RunnerTimes {
  /** How long another instance's lease is waited for. */
  readonly leadMilliseconds: Milliseconds;
  /** A reading that takes longer is not waited for at the end. */
  readonly lastReadingMilliseconds: Milliseconds;
}

const usualTimes: RunnerTimes = { leadMilliseconds: 40_000, lastReadingMilliseconds: 30_000 };

const LOOK_MILLISECONDS: Milliseconds = 1_000;
/** Clocks are drawn back into step by less; more was done by hand, or the host was suspended. */
const CLOCK_SET_MILLISECONDS: Milliseconds = 1_000;
const MOST_BREAKS_IN_A_ROW = 5;
/** Energy that is never known ends the experiment after so many pairs. */
const LOOK_AFTER_PAIRS = 2;

/**
 * Alternates policies by the plan and writes down what happens. Whatever it is stopped by, the journal holds all until then,
 * and another run goes on from there.
 */
export class ExperimentRunner implements DecisionSink {
  readonly #o: ExperimentRunnerOptions;
  readonly #times: RunnerTimes;
  readonly #schedule: readonly ScheduledPeriod[];
  readonly #readings: EnergyReadings;
  readonly #failing = new AbortController();
  /** Why nothing can be written down any more. */
  #failure: unknown;
  #begun = false;

  constructor(options: ExperimentRunnerOptions) {
    this.#o = options;
    this.#times = { ...usualTimes, ...options.times };
    this.#schedule = scheduleOf(options.journal.header.plan);
    this.#readings = new EnergyReadings({
      ...options,
      write: (sample) => {
        if (this.#begun) this.#write(sample);
      },
    });
  }

  /** Decisions of the placement loop, for the journal. */
  record(decision: Parameters<DecisionSink['record']>[0]): void {
    if (!this.#begun) return;
    const { uid, policy, node, reason, outcome, fellBack } = decision;
    const by = decidedBy(outcome, reason, fellBack !== undefined);
    if (by === undefined) return;
    this.#write({ kind: 'decision', at: this.#now, uid, policy, by, node, reason });
  }

  bound(): void {
    // Pods are followed by the experiment's own watch.
  }

  /**
   * Resolves to true at the end of the plan, to false where the signal stopped it before; everything that was begun is ended.
   *
   * @throws KISIM_E_EXPERIMENT_NOT_LEADING, KISIM_E_EXPERIMENT_INTERRUPTED, KISIM_E_EXPERIMENT_JOURNAL
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const { journal, pods } = this.#o;
    const { plan, sampleSeconds } = journal.header;
    const { nextPair } = measure({ plan, sampleSeconds }, journal.events());
    if (nextPair >= plan.pairs) return true;
    const ending = new AbortController();
    const anyEnd = AbortSignal.any([signal, ending.signal, this.#failing.signal]);
    try {
      // Whoever holds the lease may be going on with this very journal: nothing is written before it is ours.
      await this.#readyFor(this.#schedule[2 * nextPair]!, anyEnd);
      if (signal.aborted) return false;
      const began = await pods.start((record) => this.#write(record));
      if (began === undefined || signal.aborted) return false;
      this.#write({ kind: 'begin', at: this.#now, alive: began.alive });
      this.#begun = true;
      for (const step of began.steps) this.#write(step);
      const isOver = await this.#pairsFrom(nextPair, anyEnd);
      if (this.#failure !== undefined) throw this.#failure;
      if (isOver) await this.#lastReading(anyEnd);
      return isOver;
    } finally {
      ending.abort();
      await this.#readings.ended;
      if (this.#begun) this.#write({ kind: 'stop', at: this.#now, why: signal.aborted ? 'stopped' : 'over' });
      this.#begun = false;
      await pods.stop();
    }
  }

  /** Whether all pairs are finished. */
  async #pairsFrom(first: number, signal: AbortSignal): Promise<boolean> {
    const { pairs } = this.#o.journal.header.plan;
    for (let pair = first, breaks = 0; pair < pairs; ) {
      await this.#readyFor(this.#schedule[2 * pair]!, signal);
      const broken = signal.aborted ? undefined : await this.#pair(pair, signal);
      if (signal.aborted) return false;
      if (broken === undefined) {
        pair++;
        breaks = 0;
        if (pair === first + LOOK_AFTER_PAIRS) this.#checkEnergy(first);
      } else if (++breaks >= MOST_BREAKS_IN_A_ROW)
        throw daemonErrors.KISIM_E_EXPERIMENT_INTERRUPTED(
          `${breaks} times in a row, the last time: ${broken}`,
        );
    }
    return true;
  }

  /** A node that nothing meters is found out now, and not after a day. @throws KISIM_E_EXPERIMENT_ENERGY_MISSING */
  #checkEnergy(from: number): void {
    const { journal } = this.#o;
    const measured = measure(journal.header, journal.events()).periods.filter(({ pair }) => pair >= from);
    if (measured.length === 0 || measured.some(({ whole }) => whole.joules !== undefined)) return;
    const { leastKnown, knownShare } = measured[0]!.whole;
    const why = this.#readings.missing === '' ? '' : `: ${this.#readings.missing}`;
    throw errors.KISIM_E_EXPERIMENT_ENERGY_MISSING(
      `of ${leastKnown ?? 'all nodes'} ${(100 * knownShare).toFixed(0)} % is known${why}`,
    );
  }

  /** What belongs to the end of the last period; a source that hangs is not waited for. */
  async #lastReading(signal: AbortSignal): Promise<void> {
    const limit = new AbortController();
    const readings = async () => {
      await this.#readings.ended;
      this.#readings.begin(signal);
      await this.#readings.ended;
    };
    await Promise.race([readings(), this.#o.sleep(this.#times.lastReadingMilliseconds, limit.signal)]);
    limit.abort();
  }

  /** Waits while pods are placed by others, or by nobody. */
  async #readyFor(period: ScheduledPeriod, signal: AbortSignal): Promise<void> {
    const { hindrance, sleep } = this.#o;
    const since = this.#monotonic;
    for (;;) {
      const hindered = hindrance();
      if (hindered === undefined || signal.aborted) return;
      if (hindered.kind === 'not-leading' && this.#monotonic - since >= this.#times.leadMilliseconds)
        throw daemonErrors.KISIM_E_EXPERIMENT_NOT_LEADING(hindered.says);
      this.#progress(period, 'waiting', hindered.says, 0);
      await sleep(LOOK_MILLISECONDS, signal);
    }
  }

  /** Returns why the pair was broken off; undefined where it was not, or where the signal was aborted. */
  async #pair(pair: number, signal: AbortSignal): Promise<string | undefined> {
    for (const period of [this.#schedule[2 * pair]!, this.#schedule[2 * pair + 1]!]) {
      const broken = await this.#period(period, signal);
      if (broken === undefined) continue;
      this.#write({ kind: 'broken', at: this.#now, index: period.index, why: broken });
      if (signal.aborted) return undefined;
      this.#o.log.warn('experiment-broken-off', { period: period.index + 1, why: broken });
      return broken;
    }
    return undefined;
  }

  async #period(period: ScheduledPeriod, signal: AbortSignal): Promise<string | undefined> {
    const { policies, sleep, journal } = this.#o;
    const { periodSeconds, washOutSeconds } = journal.header.plan;
    const { index, side, policy } = period;
    const start = this.#monotonic;
    const offset = this.#now - start;
    const end = start + periodSeconds * 1000;
    const step = journal.header.sampleSeconds * 1000;
    // Readings fall on the beginning of the window, so that nothing has to be interpolated there.
    let nextReading = start + ((washOutSeconds * 1000) % step);
    policies.use(policy);
    this.#write({ kind: 'period', at: this.#now, index, side, policy });
    this.#readings.begin(signal);
    for (;;) {
      const now = this.#monotonic;
      const broken = this.#whatBreaks(offset, signal);
      if (broken !== undefined) return broken;
      if (now >= end) break;
      if (now >= nextReading) {
        this.#readings.begin(signal);
        while (nextReading <= now) nextReading += step;
      }
      const left = (end - now) / 1000;
      this.#progress(period, now - start < washOutSeconds * 1000 ? 'wash-out' : 'measuring', undefined, left);
      await sleep(Math.max(1, Math.min(end, nextReading, now + LOOK_MILLISECONDS) - now), signal);
    }
    this.#write({ kind: 'end', at: this.#now, index });
    this.#readings.begin(signal);
    return undefined;
  }

  #whatBreaks(offset: Milliseconds, signal: AbortSignal): string | undefined {
    if (signal.aborted) return 'stopped';
    const hindered = this.#o.hindrance();
    if (hindered !== undefined) return hindered.says;
    const set = Math.abs(this.#now - this.#monotonic - offset);
    return set > CLOCK_SET_MILLISECONDS ? 'the clock of this host was set, or it was suspended' : undefined;
  }

  /** An experiment that cannot be written down ends; who told of the event has no part in that. */
  #write(event: JournalEvent): void {
    if (this.#failure !== undefined) return;
    try {
      this.#o.journal.append(event);
    } catch (error) {
      this.#failure = error;
      this.#failing.abort();
      return;
    }
    this.#o.observe?.(event);
  }

  #progress(
    period: ScheduledPeriod,
    doing: ExperimentProgress['doing'],
    why: string | undefined,
    left: number,
  ): void {
    const { plan } = this.#o.journal.header;
    const later =
      doing === 'waiting' ? this.#schedule.length - period.index : this.#schedule.length - period.index - 1;
    this.#o.progress?.({
      period,
      periods: this.#schedule.length,
      doing,
      why,
      secondsLeftOfPeriod: left,
      secondsLeft: left + later * plan.periodSeconds,
    });
  }

  get #now(): Milliseconds {
    return this.#o.clock.unixMilliseconds();
  }

  get #monotonic(): Milliseconds {
    return this.#o.clock.monotonicNanoseconds() / 1e6;
  }
}

/** Undefined for what is no decision: a pod that is gone, or that somebody else freed. */
function decidedBy(
  outcome: string,
  reason: string | undefined,
  fellBack: boolean,
): JournalDecision['by'] | undefined {
  if (outcome === 'placed') return fellBack ? 'fell-back' : 'own';
  if (outcome !== 'freed') return undefined;
  return reason === 'default-scheduler' ? 'own' : 'freed';
}
