import type { LoadPattern } from '../../load/pattern/load-pattern.ts';
import { isPatternFile, readPatternFile } from '../../load/pattern/pattern-file.ts';
import {
  makePattern,
  type PatternSpec,
  parsePatternSpec,
  parseSpecValue,
  specKeys,
} from '../../load/pattern/pattern-spec.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { numberOption, textOption } from '../replay/options.ts';

type Options = CommandContext['options'];

/** Options of a pattern that are named as in its text. */
const words = ['duration', 'low', 'high', 'steps', 'cycles', 'every', 'from', 'scale'] as const;

export interface ChosenPattern {
  readonly pattern: LoadPattern;
  /** Its levels are requests a second, and nothing else. */
  readonly isTrace: boolean;
}

/**
 * The pattern of `--pattern`, `--trace`, `--rate` or `--users`, with the other options of patterns.
 *
 * @throws KISIM_E_USAGE, KISIM_E_LOAD_PATTERN, KISIM_E_LOAD_PATTERN_FILE, KISIM_E_LOAD_TRACE_GAP, KISIM_E_INPUT_*
 */
export function patternOption(options: Options, seed: number): ChosenPattern {
  const sources = ['pattern', 'trace', 'rate', 'users'].filter((name) => options[name] !== undefined);
  const [source] = sources;
  if (source === undefined) throw cliErrors.KISIM_E_USAGE('no --pattern, --trace, --rate, --users or --plan');
  if (sources.length > 1) throw cliErrors.KISIM_E_USAGE(`--${source} together with --${sources[1]}`);
  const given = givenParts(options);
  const text = textOption(options, source) ?? '';
  if (source === 'pattern' && isPatternFile(text)) {
    const [other] = Object.keys(given);
    if (other !== undefined)
      throw cliErrors.KISIM_E_USAGE(
        `--pattern ${text} together with an option of patterns: the file says it all`,
      );
    return { pattern: readPatternFile(text), isTrace: false };
  }
  const spec = { ...specOf(options, source, text), ...given };
  const seeded = spec.pattern === 'random' && spec.seed === undefined ? { ...spec, seed } : spec;
  return { pattern: makePattern(seeded), isTrace: spec.pattern === 'trace' };
}

function specOf(options: Options, source: string, text: string): PatternSpec {
  switch (source) {
    case 'pattern':
      return parsePatternSpec(text);
    case 'trace':
      return { pattern: 'trace', file: text };
    default:
      return { pattern: 'constant', level: numberOption(options, source, 0, (level) => level > 0) };
  }
}

function givenParts(options: Options): Partial<PatternSpec> {
  const given: Record<string, unknown> = {};
  for (const word of words) {
    const text = textOption(options, word);
    if (text !== undefined) given[specKeys[word]!] = parseSpecValue(word, text);
  }
  return given;
}
