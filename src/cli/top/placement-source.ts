import type { PlacementView } from '../../export/placement-view.ts';
import { KisimError } from '../../util/errors.ts';
import type { DaemonClient } from '../daemon-client.ts';
import { placementLines } from './placement-lines.ts';

/** What the placement loop does, beside the table. */
export interface PlacementSource {
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
  /** undefined: there is nothing to be told, or not yet. */
  readonly view: PlacementView | undefined;
  /** A sentence where there is no view. */
  readonly remark: string;
}

/** The lines of a source, whatever it has. */
export function sourceLines(source: PlacementSource | undefined): readonly string[] {
  if (source === undefined) return [];
  const { view, remark } = source;
  return view === undefined ? [`placement  ${remark}`] : placementLines(view);
}

/** Asks the running daemon. */
export class DaemonPlacement implements PlacementSource {
  readonly #client: Pick<DaemonClient, 'placement'>;
  readonly #everyMilliseconds: number;
  #view: PlacementView | undefined;
  #remark = 'is not told by the daemon yet';
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(client: Pick<DaemonClient, 'placement'>, everyMilliseconds: number) {
    this.#client = client;
    this.#everyMilliseconds = everyMilliseconds;
  }

  get view(): PlacementView | undefined {
    return this.#view;
  }

  get remark(): string {
    return this.#remark;
  }

  /** Resolves after the first answer. */
  async start(): Promise<void> {
    await this.#ask();
    if (this.#isStopped) return;
    this.#timer = setInterval(() => void this.#ask(), this.#everyMilliseconds);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    try {
      this.#view = await this.#client.placement();
      this.#remark = 'is off in the daemon (placement.cluster)';
    } catch (error) {
      if (!(error instanceof KisimError)) throw error;
      this.#view = undefined;
      this.#remark = `is not known: ${error.message}`;
    }
  }
}

/** Something that places in this process: the simulated cluster. */
export interface OwnPlacement {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** Runs the loop in this process, on the simulated cluster. Nothing of it is kept. */
export class SimulatedSource implements PlacementSource {
  readonly remark = '';
  readonly #placement: OwnPlacement;
  readonly #view: () => PlacementView;

  constructor(placement: OwnPlacement, view: () => PlacementView) {
    this.#placement = placement;
    this.#view = view;
  }

  get view(): PlacementView {
    return this.#view();
  }

  start(): void | Promise<void> {
    return this.#placement.start();
  }

  stop(): void | Promise<void> {
    return this.#placement.stop();
  }
}

/** Nothing to be shown but a sentence. */
export function onlyRemark(remark: string): PlacementSource {
  return { start: () => undefined, stop: () => undefined, view: undefined, remark };
}
