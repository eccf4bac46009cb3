import type { Labels } from '../cluster/labels.ts';
import { ownLabels } from '../kubernetes/manifests/common.ts';
import type { Logger } from '../util/log.ts';
import type { Milliseconds } from '../util/units.ts';
import { errors } from './errors.ts';
import type { LoopTime } from './ports.ts';

const LOOK_MILLISECONDS: Milliseconds = 300_000;

/** Namespaces of the program other than `own`: each has a lease of its own, so that two daemons would place the same pods. */
export function otherInstallations(namespaces: ReadonlyMap<string, Labels>, own: string): readonly string[] {
  const isOurs = (labels: Labels) => Object.entries(ownLabels).every(([key, value]) => labels[key] === value);
  return [...namespaces].filter(([name, labels]) => name !== own && isOurs(labels)).map(([name]) => name);
}

export interface InstallationCheckOptions {
  /** Labels by namespace, as the watch knows them. */
  readonly namespaces: () => ReadonlyMap<string, Labels>;
  readonly own: string;
  readonly time: LoopTime;
  readonly log: Logger;
}

/**
 * Tells, at its start and when it changes, that the cluster has another installation. Placement goes on: a pod that both decide
 * is written by one of them, and no pod waits longer for it; but a pause of one does not stop the other.
 */
export class InstallationCheck {
  readonly name = 'installation-check';
  readonly #o: InstallationCheckOptions;
  #told = '';
  #cancel: (() => void) | undefined;

  constructor(options: InstallationCheckOptions) {
    this.#o = options;
  }

  start(): void {
    const { namespaces, own, time, log } = this.#o;
    this.#cancel = time.after(LOOK_MILLISECONDS, () => this.start());
    const others = otherInstallations(namespaces(), own).join(', ');
    if (others === this.#told) return;
    this.#told = others;
    if (others === '') log.info('installation-alone', { namespace: own });
    else
      log.error('installations', {
        error: errors.KISIM_E_CONTROLLER_TWO_INSTALLATIONS(`namespaces ${own} (this one) and ${others}`),
      });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
