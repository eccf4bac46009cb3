import type { EntityKind } from '../../inventory/entity.ts';

export type SortKey = 'watts' | 'joules' | 'cpu' | 'name';

/** The order in which `g` and the keys 1 to 5 go through the kinds. */
export const groups: readonly EntityKind[] = ['vm', 'pod', 'container', 'unit', 'process'];

/** What the person at the keyboard has chosen. Replaced, never edited. */
export interface ViewState {
  readonly group: EntityKind;
  readonly sort: SortKey;
  readonly filter: string;
  /** The filter as it is being typed; undefined while it is not. */
  readonly typing: string | undefined;
  readonly paused: boolean;
  readonly help: boolean;
  /** First row shown. */
  readonly scroll: number;
}

export const initialView: ViewState = {
  group: 'process',
  sort: 'watts',
  filter: '',
  typing: undefined,
  paused: false,
  help: false,
  scroll: 0,
};

/** A key with a meaning of its own, or one character typed. */
export type Key =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'escape'
  | 'unknown'
  | (string & {});

const sequences: Readonly<Record<string, Key>> = {
  '[A': 'up',
  OA: 'up',
  '[B': 'down',
  OB: 'down',
  '[5~': 'page-up',
  '[6~': 'page-down',
  '[H': 'home',
  OH: 'home',
  '[1~': 'home',
  '[F': 'end',
  OF: 'end',
  '[4~': 'end',
};

/** Takes the bytes that a terminal sends apart into keys; escape sequences that mean nothing here are `unknown`. */
export function parseKeys(input: string): Key[] {
  const keys: Key[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with the control character ESC
  for (const [match, sequence] of input.matchAll(/\x1b(\[[0-9;?]*[ -/]*[@-~]|O[A-Z])?|[\s\S]/gu)) {
    if (!match.startsWith('\x1b')) keys.push(match);
    else if (sequence === undefined) keys.push('escape');
    else keys.push(sequences[sequence] ?? 'unknown');
  }
  return keys;
}

const sortKeys: Readonly<Record<string, SortKey>> = { w: 'watts', j: 'joules', c: 'cpu', n: 'name' };

/** The view after a key, or `quit` or `suspend`. @param pageRows rows that fit on the screen */
export function press(state: ViewState, key: Key, pageRows: number): ViewState | 'quit' | 'suspend' {
  if (key === '\x03') return 'quit';
  if (key === '\x1a') return 'suspend';
  if (state.typing !== undefined) return typeFilter(state, state.typing, key);
  const sort = sortKeys[key];
  if (sort !== undefined) return { ...state, sort, scroll: 0 };
  const chosen = groups[Number(key) - 1];
  if (chosen !== undefined) return { ...state, group: chosen, scroll: 0 };
  const scrolled = (rows: number) => ({ ...state, scroll: Math.max(0, state.scroll + rows) });
  switch (key) {
    case 'q':
      return 'quit';
    case 'g':
      return { ...state, group: groups[(groups.indexOf(state.group) + 1) % groups.length]!, scroll: 0 };
    case 'p':
    case ' ':
      return { ...state, paused: !state.paused };
    case 'h':
    case '?':
      return { ...state, help: !state.help };
    case '/':
      return { ...state, typing: state.filter, help: false };
    case 'escape':
      return state.help ? { ...state, help: false } : { ...state, filter: '', scroll: 0 };
    case 'up':
      return scrolled(-1);
    case 'down':
      return scrolled(1);
    case 'page-up':
      return scrolled(-pageRows);
    case 'page-down':
      return scrolled(pageRows);
    case 'home':
      return { ...state, scroll: 0 };
    case 'end':
      return scrolled(Number.MAX_SAFE_INTEGER);
    default:
      return state;
  }
}

function typeFilter(state: ViewState, typing: string, key: Key): ViewState {
  if (key === '\r' || key === '\n') return { ...state, typing: undefined, filter: typing, scroll: 0 };
  if (key === 'escape') return { ...state, typing: undefined };
  if (key === '\x7f' || key === '\b') return { ...state, typing: [...typing].slice(0, -1).join('') };
  if (key === '\x15') return { ...state, typing: '' };
  const printable = [...key].length === 1 && !/\p{Cc}/u.test(key);
  return printable ? { ...state, typing: typing + key } : state;
}
