import { parentPort, workerData } from 'node:worker_threads';
import { describeError, KisimError } from '../util/errors.ts';
import type { OpenLaboratory } from './laboratory.ts';
import type { LoggedRecord } from './records.ts';
import { runPairing } from './run-pairing.ts';
import type { Pairing, Suite } from './suite.ts';

export interface WorkerSetting {
  readonly suite: Suite;
  /** Address of the module with `openLaboratory`. */
  readonly laboratory: string;
  readonly hardware: string | undefined;
}

/** A pairing to run under these policies. */
export interface ToWorker {
  readonly pairing: Pairing;
  readonly policies: readonly string[];
}

export type FromWorker =
  | { readonly kind: 'record'; readonly record: LoggedRecord }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      readonly pairing: Pairing;
      readonly policy: string | undefined;
      readonly says: string;
      readonly action: string | undefined;
    };

const { suite, laboratory: address, hardware } = workerData as WorkerSetting;
const { openLaboratory } = (await import(address)) as { readonly openLaboratory: OpenLaboratory };
const laboratory = openLaboratory({ hardware });
const port = parentPort!;
const post = (message: FromWorker) => port.postMessage(message);

port.on('message', ({ pairing, policies }: ToWorker) => {
  let done = -1;
  try {
    for (const record of runPairing(laboratory, suite, pairing, policies)) {
      post({ kind: 'record', record });
      done++;
    }
    post({ kind: 'done' });
  } catch (error) {
    const coded = error instanceof KisimError;
    const says = coded ? `${error.code}: ${error.message}` : describeError(error);
    // The first record says what the pairing ran on: before it no policy has begun.
    const policy = done < 0 ? undefined : policies[done];
    post({ kind: 'failed', pairing, policy, says, action: coded ? error.action : undefined });
  }
});
