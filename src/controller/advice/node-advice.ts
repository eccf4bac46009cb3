import type { Node } from '../../cluster/node.ts';
import { type EfficiencyTier, efficiencyTiers, tierNamed } from '../../kubernetes/efficiency-tiers.ts';
import { TIER_LABEL, TIER_TAINT } from '../../kubernetes/names.ts';
import { KisimError } from '../../util/errors.ts';
import type { Logger } from '../../util/log.ts';
import type { Milliseconds } from '../../util/units.ts';
import type { Leadership, LoopTime, PauseSource } from '../ports.ts';
import { nodeCosts } from './node-costs.ts';
import { Rounds } from './rounds.ts';

const EVERY_MILLISECONDS: Milliseconds = 300_000;

/** Writes advice on nodes. What was not written is tried again in the next round. */
export interface NodeMarks {
  /** @returns false where this daemon does not lead any more. @throws KISIM_E_KUBE_... */
  label(node: string, tier: EfficiencyTier | undefined): Promise<boolean>;
  /** The same for the mark of nodes to avoid. */
  avoid(node: string, avoided: boolean): Promise<boolean>;
}

export interface NodeAdviceOptions {
  /** As the watch has them, with what is known of their power. */
  readonly nodes: () => Iterable<Node>;
  readonly marks: NodeMarks;
  /** Whether advice is given; otherwise what there is of it is taken away. */
  readonly isWanted: boolean;
  readonly leadership: Leadership;
  readonly paused: PauseSource;
  readonly time: LoopTime;
  readonly log: Logger;
}

/**
 * Keeps labels of nodes by efficiency and the mark of the poor ones up to date, or away. Only what differs is written; where all
 * nodes are alike all are `best`, and none is marked.
 */
export class NodeAdvice {
  readonly name = 'node-advice';
  readonly #o: NodeAdviceOptions;
  readonly #rounds: Rounds;
  #toldMissing = '';

  constructor(options: NodeAdviceOptions) {
    this.#o = options;
    this.#rounds = new Rounds({
      ...options,
      everyMilliseconds: EVERY_MILLISECONDS,
      work: (isOver) => this.#round(isOver),
    });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(isOver: () => boolean): Promise<void> {
    const nodes = [...this.#o.nodes()];
    const tiers = this.#o.isWanted ? this.#tiers(nodes) : new Map<string, EfficiencyTier>();
    let written = 0;
    for (const node of nodes) {
      if (isOver()) return;
      try {
        const changed = await this.#write(node, tiers.get(node.name));
        if (changed === undefined) return;
        written += changed;
      } catch (error) {
        if (!(error instanceof KisimError)) throw error;
        this.#o.log.warn('node-advice-not-written', { node: node.name, error });
        // What is refused for one node is refused for all.
        if (error.code === 'KISIM_E_KUBE_FORBIDDEN') return;
      }
    }
    if (written > 0) this.#o.log.info('node-advice-written', { nodes: nodes.length, written });
  }

  #tiers(nodes: readonly Node[]): ReadonlyMap<string, EfficiencyTier> {
    const { byNode, missing } = nodeCosts(nodes);
    const says = missing?.message ?? '';
    if (says !== this.#toldMissing && missing !== undefined)
      this.#o.log.warn('node-cost-unknown', { error: missing });
    this.#toldMissing = says;
    const before = new Map<string, EfficiencyTier>();
    for (const { name, labels } of nodes) {
      const tier = tierNamed(labels[TIER_LABEL]);
      if (tier !== undefined) before.set(name, tier);
    }
    return efficiencyTiers(byNode, before);
  }

  /** How many writes it took; undefined: this daemon leads no more. */
  async #write(
    { name, labels, taints = [] }: Node,
    tier: EfficiencyTier | undefined,
  ): Promise<number | undefined> {
    const { marks } = this.#o;
    let written = 0;
    if (labels[TIER_LABEL] !== tier) {
      if (!(await marks.label(name, tier))) return undefined;
      written++;
    }
    const isAvoided = taints.some(({ key, effect }) => key === TIER_TAINT && effect === 'PreferNoSchedule');
    if (isAvoided !== (tier === 'poor')) {
      if (!(await marks.avoid(name, tier === 'poor'))) return undefined;
      written++;
    }
    return written;
  }
}
