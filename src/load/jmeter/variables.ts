import { jmeterErrors } from './errors.ts';

/** User-defined variables of a plan, as far as they are known where they are asked for. */
export class Variables {
  readonly #values = new Map<string, string>();

  /** @param place told where the value itself uses a variable that is not known */
  define(name: string, value: string, place: string): void {
    this.#values.set(name, this.fill(value, place));
  }

  /**
   * Fills in `${NAME}`, and `${__P(NAME,DEFAULT)}` with its default: properties of JMeter's command line are not known here.
   *
   * @throws KISIM_E_LOAD_PLAN_VALUE for other functions and for variables that nobody defined
   */
  fill(text: string, place: string): string {
    return text.replaceAll(/\$\{([^{}]*)\}/g, (whole, inner: string) => {
      const property = /^__(?:P|property)\(([^,)]*)(?:,([^)]*))?\)$/.exec(inner.trim());
      const value = property === null ? this.#values.get(inner.trim()) : property[2];
      if (value !== undefined) return value;
      throw jmeterErrors.KISIM_E_LOAD_PLAN_VALUE(`${place}: ${whole} has no value in the plan`);
    });
  }
}
