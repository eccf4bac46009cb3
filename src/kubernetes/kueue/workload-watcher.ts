import type { KubeObject } from '../kube-object.ts';
import { ListWatch, type WatchBase } from '../list-watch.ts';
import { ADMISSION_CONTROLLER } from '../names.ts';
import { type ApiAdmissionCheck, type ApiWorkload, holds } from './api-objects.ts';
import { pendingChecks } from './check-state.ts';
import { type KueueVersion, kueuePath } from './version.ts';

export interface WorkloadWatcherOptions extends WatchBase {
  readonly version: KueueVersion;
  /** Called after each change. */
  readonly changed?: () => void;
  /** A check of the program's came that is not said to be served. */
  readonly unserved?: (check: ApiAdmissionCheck) => void;
}

/** Admission checks that are the program's, and the workloads that have one of them. */
export class WorkloadWatcher {
  readonly #checks: ListWatch<{ readonly name: string; readonly object: ApiAdmissionCheck }>;
  readonly #workloads: ListWatch<ApiWorkload>;
  #own: ReadonlySet<string> = new Set();

  constructor({ version, changed = () => undefined, unserved, ...base }: WorkloadWatcherOptions) {
    const checked = () => {
      this.#own = new Set([...this.#checks.values()].map(({ name }) => name));
      changed();
    };
    this.#checks = new ListWatch({
      ...base,
      path: kueuePath(version, 'admissionchecks'),
      trim: ownCheck,
      handlers: {
        applied: ({ object }) => {
          checked();
          if (!holds(object.status?.conditions, 'Active')) unserved?.(object);
        },
        deleted: checked,
      },
    });
    this.#workloads = new ListWatch<ApiWorkload>({
      ...base,
      path: kueuePath(version, 'workloads'),
      // Which checks are the program's may change later: all that have any are kept.
      trim: (object) => {
        const workload = object as ApiWorkload;
        return (workload.status?.admissionChecks ?? []).length > 0 ? workload : undefined;
      },
      handlers: { applied: changed, deleted: changed },
    });
  }

  start(): void {
    this.#checks.start();
    this.#workloads.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#checks.stop(), this.#workloads.stop()]);
  }

  /** True once all that is there is known; false where it was stopped before. */
  get synced(): Promise<boolean> {
    return Promise.all([this.#checks.synced, this.#workloads.synced]).then((all) => all.every(Boolean));
  }

  /** Names of the checks that are the program's. */
  get own(): ReadonlySet<string> {
    return this.#own;
  }

  get(uid: string): ApiWorkload | undefined {
    return this.#workloads.get(uid);
  }

  /** Those that wait for the program. */
  *waiting(): IterableIterator<ApiWorkload> {
    for (const workload of this.#workloads.values())
      if (pendingChecks(workload, this.#own).length > 0) yield workload;
  }

  /** Those that run and have one of the program's checks. */
  *running(): IterableIterator<ApiWorkload> {
    for (const workload of this.#workloads.values()) {
      const { conditions, admissionChecks = [] } = workload.status ?? {};
      const isOwn = admissionChecks.some(({ name }) => this.#own.has(name));
      if (isOwn && holds(conditions, 'Admitted') && !holds(conditions, 'Finished')) yield workload;
    }
  }
}

function ownCheck(object: KubeObject) {
  const check = object as ApiAdmissionCheck;
  return check.spec?.controllerName === ADMISSION_CONTROLLER
    ? { name: object.metadata.name, object: check }
    : undefined;
}
