import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import type { KisimError } from '../../../util/errors.ts';
import { manifestErrors as errors } from './errors.ts';
import { type NanoAmount, parseQuantity } from './quantity.ts';

export interface ManifestText {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

type Path = readonly (string | number)[];

/** Finds the line of a path in one document; undefined where the document has no text. */
type LineOf = (path: Path) => number | undefined;

/**
 * A value of a manifest together with where it stands. Reading it as a type that it does not have is a coded error that
 * names file, line and field.
 */
export class Located {
  readonly value: unknown;
  readonly file: string;
  readonly path: Path;
  readonly #lineOf: LineOf;

  constructor(file: string, value: unknown, path: Path = [], lineOf: LineOf = () => undefined) {
    this.file = file;
    this.value = value;
    this.path = path;
    this.#lineOf = lineOf;
  }

  /** `nodes.yaml:12: spec.containers[0].image`. */
  get place(): string {
    const line = this.#lineOf(this.path);
    const field = this.path
      .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`))
      .join('');
    return `${this.file}${line === undefined ? '' : `:${line}`}${field === '' ? '' : `: ${field}`}`;
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  invalid(says: string): KisimError {
    return errors.KISIM_E_MANIFEST_INVALID(`${this.place}: ${says}`);
  }

  #fails(expected: string): KisimError {
    const found = this.present ? JSON.stringify(this.value).slice(0, 100) : 'nothing';
    return this.invalid(`expected ${expected}, found ${found}`);
  }

  /** A field of an object; absent in an absent one. */
  get(key: string): Located {
    const object = this.#object();
    const inner = Object.hasOwn(object, key) ? object[key] : undefined;
    return new Located(this.file, inner, [...this.path, key], this.#lineOf);
  }

  #object(): Readonly<Record<string, unknown>> {
    if (!this.present) return {};
    if (typeof this.value !== 'object' || Array.isArray(this.value)) throw this.#fails('an object');
    return this.value as Readonly<Record<string, unknown>>;
  }

  /** The same object with fields that the text leaves to be understood. */
  with(fields: Readonly<Record<string, unknown>>): Located {
    return new Located(this.file, { ...this.#object(), ...fields }, this.path, this.#lineOf);
  }

  /** Fields of an object, in their order; none where it is absent. */
  entries(): readonly (readonly [string, Located])[] {
    return Object.keys(this.#object()).map((key) => [key, this.get(key)]);
  }

  /** Items of a list; none where it is absent. */
  items(): readonly Located[] {
    if (!this.present) return [];
    if (!Array.isArray(this.value)) throw this.#fails('a list');
    return this.value.map((item, i) => new Located(this.file, item, [...this.path, i], this.#lineOf));
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.#fails('text');
    return this.value;
  }

  textOr(otherwise: string): string {
    return this.present ? this.text() : otherwise;
  }

  texts(): readonly string[] {
    return this.items().map((item) => item.text());
  }

  /** Labels, selectors, annotations. */
  textMap(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.entries().map(([key, inner]) => [key, inner.text()]));
  }

  boolean(): boolean {
    if (!this.present) return false;
    if (typeof this.value !== 'boolean') throw this.#fails('true or false');
    return this.value;
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.#fails(`an integer from ${least} to ${most}`);
    return value;
  }

  integerOr(least: number, most: number, otherwise: number): number {
    return this.present ? this.integer(least, most) : otherwise;
  }

  /** One of some words; `otherwise` where it is absent or empty, as Go leaves what was not said. */
  oneOf<T extends string>(words: readonly T[], otherwise?: T): T {
    if (otherwise !== undefined && (!this.present || this.value === '')) return otherwise;
    const word = words.find((each) => each === this.value);
    if (word === undefined) throw this.#fails(`one of ${words.join(', ')}`);
    return word;
  }

  /** An amount of a resource, at least 0; YAML may have it as a number. */
  quantity(): NanoAmount {
    const text = typeof this.value === 'number' ? String(this.value) : this.value;
    const amount = typeof text === 'string' ? parseQuantity(text) : undefined;
    if (amount === undefined || amount < 0n) {
      throw errors.KISIM_E_MANIFEST_QUANTITY(`${this.place}: ${JSON.stringify(this.value) ?? 'nothing'}`);
    }
    return amount;
  }
}

/** The documents of a text, YAML or JSON; empty ones are left out. @throws KISIM_E_MANIFEST_SYNTAX with its line. */
export function locatedDocuments({ file, text }: ManifestText): readonly Located[] {
  const json = asJson(text);
  if (json !== undefined) {
    // Lines are asked for only where something is wrong.
    let parsed: ParsedText | undefined;
    const lineOf: LineOf = (path) => {
      parsed ??= parseYaml(file, text);
      return lineIn(parsed, 0, path);
    };
    return [new Located(file, json, [], lineOf)];
  }
  const parsed = parseYaml(file, text);
  return parsed.documents
    .map(
      (document, i) =>
        new Located(file, plainValue(file, document), [], (path: Path) => lineIn(parsed, i, path)),
    )
    .filter((document) => document.present);
}

interface ParsedText {
  readonly documents: readonly Document[];
  readonly lines: LineCounter;
}

function asJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // YAML may begin like this too, and its parser names the line of what is wrong.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseYaml(file: string, text: string): ParsedText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const list: readonly Document[] = 'empty' in documents ? [] : documents;
  const error = list.flatMap((document) => document.errors)[0];
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw errors.KISIM_E_MANIFEST_SYNTAX(`${file}:${line}: ${error.message}`, { cause: error });
  }
  return { documents: list, lines };
}

function plainValue(file: string, document: Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // An alias that names nothing, or a bomb of aliases.
    if (!(error instanceof ReferenceError)) throw error;
    throw errors.KISIM_E_MANIFEST_SYNTAX(`${file}: ${error.message}`, { cause: error });
  }
}

/** Line of the deepest part of the path that the text has: what is missing stands where its object begins. */
function lineIn({ documents, lines }: ParsedText, index: number, path: Path): number | undefined {
  const document = documents[index];
  for (let length = path.length; document !== undefined && length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return lines.linePos(Number(node.range[0])).line;
    }
  }
  return undefined;
}
