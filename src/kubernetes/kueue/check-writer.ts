import { KisimError } from '../../util/errors.ts';
import { actionErrors } from '../action-errors.ts';
import type { KubeApi, KubeRequest } from '../kube-api.ts';
import { refusal } from '../refusal.ts';
import type { ApiAdmissionCheck, ApiWorkload } from './api-objects.ts';
import { activeRequest, type CheckResult, type CheckVerdict, checkRequest } from './check-state.ts';
import type { KueueVersion } from './version.ts';

export interface CheckWriterOptions {
  readonly api: KubeApi;
  readonly version: KueueVersion;
  /** Names of the checks that are the program's. */
  readonly own: () => ReadonlySet<string>;
  readonly now: () => Date;
}

/** Writes the program's part into objects of Kueue. What fails is told; what changed meanwhile comes again by the watch. */
export class CheckWriter {
  readonly #o: CheckWriterOptions;

  constructor(options: CheckWriterOptions) {
    this.#o = options;
  }

  answer(workload: ApiWorkload, verdict: CheckVerdict, signal?: AbortSignal): Promise<CheckResult> {
    const { version, own, now } = this.#o;
    return this.#write(checkRequest(version, workload, own(), verdict, now()), signal);
  }

  serve(check: ApiAdmissionCheck, signal?: AbortSignal): Promise<CheckResult> {
    return this.#write(activeRequest(this.#o.version, check, this.#o.now()), signal);
  }

  async #write(request: KubeRequest, signal?: AbortSignal): Promise<CheckResult> {
    try {
      const response = await this.#o.api.request(signal === undefined ? request : { ...request, signal });
      // An apply to what is not there would make it anew (201), were it not for the subresource and the uid.
      if (response.status === 200) return { outcome: 'written' };
      if (response.status === 404) return { outcome: 'gone' };
      if (response.status === 409) return { outcome: 'conflict' };
      return { outcome: 'failed', error: refusal(request, response) };
    } catch (error) {
      if (error instanceof KisimError) return { outcome: 'failed', error };
      if (signal?.aborted === true)
        return { outcome: 'failed', error: actionErrors.KISIM_E_KUBE_WRITE(`${request.path}: called off`) };
      throw error;
    }
  }
}
