import type { Adviser } from '../../kubernetes/adviser.ts';
import type { ApiNode } from '../../kubernetes/api-objects.ts';
import type { EfficiencyTier } from '../../kubernetes/efficiency-tiers.ts';
import type { KubeApi } from '../../kubernetes/kube-api.ts';
import { refusal } from '../../kubernetes/refusal.ts';
import type { NodeMarks } from './node-advice.ts';

/** Advice on the nodes of a live cluster. */
export class KubeNodeMarks implements NodeMarks {
  readonly #api: KubeApi;
  readonly #adviser: Pick<Adviser, 'label' | 'avoid'>;

  constructor(api: KubeApi, adviser: Pick<Adviser, 'label' | 'avoid'>) {
    this.#api = api;
    this.#adviser = adviser;
  }

  label(node: string, tier: EfficiencyTier | undefined): Promise<boolean> {
    return this.#adviser.label(node, tier);
  }

  /** Taints are one list, which is written at the version that is read here. */
  async avoid(node: string, avoided: boolean): Promise<boolean> {
    const request = { method: 'GET', path: `/api/v1/nodes/${node}` } as const;
    const read = await this.#api.request(request);
    // Gone since: nothing is to be written.
    if (read.status === 404) return true;
    if (read.status !== 200) throw refusal(request, read);
    const result = await this.#adviser.avoid(read.body as ApiNode, avoided);
    if (result.outcome === 'failed') throw result.error;
    return result.outcome !== 'not-leader';
  }
}
