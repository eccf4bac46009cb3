import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Simulation } from '../../simulation/engine.ts';
import { errors as simulationErrors } from '../../simulation/errors.ts';
import type { SimulationInput } from '../../simulation/simulation.ts';
import { systemErrorCode } from '../../util/errors.ts';
import { cliErrors } from '../errors.ts';

/** Saved this often while a run goes on, so that a machine that fails costs no more. */
const SAVE_EVERY_MILLISECONDS = 60_000;

/** The file in which a run that was stopped waits for its rest. */
export class Checkpoint {
  readonly #path: string;
  #savedAt: number;
  readonly #clock: () => number;

  /** @param clock milliseconds that never go back */
  constructor(path: string, clock: () => number) {
    this.#path = path;
    this.#clock = clock;
    this.#savedAt = clock();
  }

  /**
   * The run that the file holds; undefined where there is no file.
   *
   * @throws KISIM_E_SIM_SNAPSHOT for a file of another run, or of none
   */
  resume(input: SimulationInput): Simulation | undefined {
    if (!existsSync(this.#path)) return undefined;
    let snapshot: Parameters<typeof Simulation.resume>[0];
    try {
      snapshot = JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch (cause) {
      throw simulationErrors.KISIM_E_SIM_SNAPSHOT(`${this.#path}: ${(cause as Error).message}`, { cause });
    }
    return Simulation.resume(snapshot, input);
  }

  saveNowAndThen(simulation: Simulation): void {
    if (this.#clock() - this.#savedAt >= SAVE_EVERY_MILLISECONDS) this.save(simulation);
  }

  /** Whole or not at all. @throws KISIM_E_OUTPUT_FILE */
  save(simulation: Simulation): void {
    const fresh = `${this.#path}.new`;
    try {
      writeFileSync(fresh, JSON.stringify(simulation.snapshot()));
      renameSync(fresh, this.#path);
    } catch (cause) {
      throw cliErrors.KISIM_E_OUTPUT_FILE(`${this.#path} (${systemErrorCode(cause) ?? String(cause)})`, {
        cause,
      });
    }
    this.#savedAt = this.#clock();
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}
