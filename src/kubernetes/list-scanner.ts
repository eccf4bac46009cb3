const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Takes the JSON of a list apart as it arrives: each item is given out as text of its own, all else is kept. Whoever parses
 * the items one by one never holds a page of them as objects, most of which would live just long enough to be dear.
 */
export class ListScanner {
  readonly #item: (text: string) => void;
  /** What is no item: `{"kind":...,"metadata":{...},"items":[]}`. */
  readonly #rest: Buffer[] = [];
  #parts: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;

  constructor(item: (text: string) => void) {
    this.#item = item;
  }

  push(chunk: Buffer): void {
    /** Where the item, or what is none, begins in this chunk. */
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#inItems && this.#depth === 2) from = at;
        this.#depth += 1;
        if (byte !== OPEN_BRACKET || this.#depth !== 2 || this.#inItems) continue;
        const before = Buffer.concat([...this.#rest, chunk.subarray(from, at)]).toString('latin1');
        if (!/"items"\s*:\s*$/.test(before)) continue;
        this.#inItems = true;
        this.#rest.push(chunk.subarray(from, at + 1));
        from = at + 1;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (!this.#inItems) continue;
        if (this.#depth === 2) {
          this.#parts.push(chunk.subarray(from, at + 1));
          const text = (this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)).toString();
          this.#parts = [];
          from = at + 1;
          this.#item(text);
        } else if (this.#depth === 1) {
          this.#inItems = false;
          from = at;
        }
      }
    }
    if (from === chunk.length) return;
    if (!this.#inItems) this.#rest.push(chunk.subarray(from));
    else if (this.#depth > 2) this.#parts.push(chunk.subarray(from));
    // Between two items there are commas and spaces, which mean nothing.
  }

  /** The list without its items, when all has arrived. */
  end(): string {
    return Buffer.concat(this.#rest).toString();
  }
}
