import type { CommandSpec, OptionSpec } from './command.ts';
import { optionWords, takesFile } from './option-words.ts';
import type { CliTable } from './program.ts';

export const completionShells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof completionShells)[number];

interface Choices {
  readonly options: readonly OptionSpec[];
  /** Commands that may follow, or the values of the first argument. */
  readonly words: readonly { readonly name: string; readonly summary: string }[];
  readonly filesAsArguments: boolean;
}

/** What may follow each command; the empty name stands for `kisimd` itself. */
function choicesByCommand(table: CliTable, globals: readonly OptionSpec[]): ReadonlyMap<string, Choices> {
  const choices = new Map<string, Choices>();
  const groupNames = new Set(table.groups.map(({ name }) => name));
  const topWords = new Map<string, string>();
  for (const { name, summary } of table.commands) {
    const [first = ''] = name.split(' ');
    topWords.set(first, groupNames.has(first) ? '' : summary);
  }
  for (const { name, summary } of table.groups) if (topWords.has(name)) topWords.set(name, summary);
  topWords.set('help', 'Help for a command');
  const builtIn: OptionSpec[] = [{ flags: '-h, --help', description: 'help for the command' }];
  choices.set('', {
    options: [...globals, ...builtIn, { flags: '-V, --version', description: 'the version' }],
    words: [...topWords].map(([name, summary]) => ({ name, summary })),
    filesAsArguments: false,
  });
  for (const { name } of table.groups) {
    const below = table.commands.filter((spec) => spec.name.startsWith(`${name} `));
    choices.set(name, {
      options: [...globals, ...builtIn],
      words: below.map((spec) => ({ name: spec.name.slice(name.length + 1), summary: spec.summary })),
      filesAsArguments: false,
    });
  }
  for (const spec of table.commands) {
    choices.set(spec.name, {
      options: [...spec.options, ...globals, ...builtIn],
      words: argumentWords(spec),
      filesAsArguments: spec.arguments?.some(({ name }) => name === 'file' || name === 'folder') ?? false,
    });
  }
  return choices;
}

function argumentWords(spec: CommandSpec): Choices['words'] {
  const words = spec.arguments?.[0]?.choices ?? [];
  return words.map((name) => ({ name, summary: '' }));
}

function flagsOf(options: readonly OptionSpec[]): string[] {
  return options.flatMap((option) => {
    const { short, long } = optionWords(option);
    return [short, long].filter((word) => word !== undefined);
  });
}

function bashScript(choices: ReadonlyMap<string, Choices>): string {
  const groups = [...choices.keys()].filter((name) =>
    [...choices.keys()].some((k) => k.startsWith(`${name} `)),
  );
  const valued = new Map<string, OptionSpec>();
  for (const { options } of choices.values()) {
    for (const option of options) {
      if (optionWords(option).value !== undefined)
        for (const flag of flagsOf([option])) valued.set(flag, option);
    }
  }
  const valueCases: string[] = [];
  for (const [name, { options }] of choices) {
    for (const option of options) {
      const words = optionWords(option);
      if (words.value === undefined) continue;
      const pattern = flagsOf([option])
        .map((flag) => `"${name}:${flag}"`)
        .join('|');
      if (option.choices !== undefined) {
        valueCases.push(
          `    ${pattern}) COMPREPLY=($(compgen -W "${option.choices.join(' ')}" -- "$current")); return ;;`,
        );
      } else if (takesFile(words)) {
        valueCases.push(`    ${pattern}) COMPREPLY=($(compgen -f -- "$current")); return ;;`);
      } else {
        valueCases.push(`    ${pattern}) return ;;`);
      }
    }
  }
  const wordCases = [...choices].map(([name, { options, words, filesAsArguments }]) => {
    const files = filesAsArguments
      ? '; [[ $current != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))'
      : '';
    const all = [...words.map((word) => word.name), ...flagsOf(options)].join(' ');
    return `    "${name}") COMPREPLY=($(compgen -W "${all}" -- "$current"))${files} ;;`;
  });
  return `# bash completion of kisimd; made by \`kisimd completion bash\`
_kisimd() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      ${[...valued.keys()].join('|')}) ((index++)); continue ;;
      -*) continue ;;
    esac
    case "$command" in
      "") command="$word" ;;
      ${groups.map((name) => `"${name}"`).join('|') || '"-"'}) command="$command $word" ;;
    esac
  done
  case "$command:$previous" in
${valueCases.join('\n')}
  esac
  case "$command" in
${wordCases.join('\n')}
  esac
}
complete -o filenames -F _kisimd kisimd
`;
}

function zshQuote(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:');
}

function zshOption(option: OptionSpec): string {
  const words = optionWords(option);
  const names = flagsOf([option]);
  const action =
    option.choices !== undefined ? `(${option.choices.join(' ')})` : takesFile(words) ? '_files' : '';
  const value = words.value === undefined ? '' : `:${zshQuote(words.value)}:${action}`;
  const text = `[${zshQuote(option.description)}]${value}`;
  if (option.repeatable === true) return names.map((name) => `'*${name}${text}'`).join(' ');
  if (names.length < 2) return `'${names[0] ?? ''}${text}'`;
  return `'(${names.join(' ')})'{${names.join(',')}}'${text}'`;
}

function zshScript(choices: ReadonlyMap<string, Choices>): string {
  const functionName = (name: string) =>
    `_kisimd${name === '' ? '' : `_${name.replaceAll(/[^a-z0-9]/g, '_')}`}`;
  const functions = [...choices].map(([name, { options, words, filesAsArguments }]) => {
    const specs = options.map(zshOption);
    const below = words.filter((word) => choices.has(name === '' ? word.name : `${name} ${word.name}`));
    if (below.length > 0) {
      const list = words.map((word) => `'${word.name}:${zshQuote(word.summary)}'`).join(' ');
      const cases = below.map(
        (word) =>
          `        ${word.name}) ${functionName(name === '' ? word.name : `${name} ${word.name}`)} ;;`,
      );
      return `${functionName(name)}() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command)
      local -a words_here=(${list})
      _describe 'command' words_here ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}`;
    }
    const argument =
      words.length > 0
        ? [`'1: :(${words.map((word) => word.name).join(' ')})'`]
        : filesAsArguments
          ? ["'*: :_files'"]
          : [];
    return `${functionName(name)}() {\n  _arguments ${[...specs, ...argument].join(' \\\n    ')}\n}`;
  });
  return `#compdef kisimd
# zsh completion of kisimd; made by \`kisimd completion zsh\`
${functions.join('\n')}
if [ "$funcstack[1]" = "_kisimd" ]; then
  _kisimd "$@"
else
  compdef _kisimd kisimd
fi
`;
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishScript(choices: ReadonlyMap<string, Choices>, globals: readonly OptionSpec[]): string {
  const lines = ['# fish completion of kisimd; made by `kisimd completion fish`', 'complete -c kisimd -f'];
  const optionLine = (option: OptionSpec, condition: string) => {
    const words = optionWords(option);
    return [
      'complete -c kisimd',
      condition,
      words.short === undefined ? '' : `-s ${words.short.slice(1)}`,
      words.long === undefined ? '' : `-l ${words.long.slice(2)}`,
      words.value === undefined ? '' : takesFile(words) ? '-r -F' : '-x',
      option.choices === undefined ? '' : `-a ${fishQuote(option.choices.join(' '))}`,
      `-d ${fishQuote(option.description)}`,
    ]
      .filter((part) => part !== '')
      .join(' ');
  };
  for (const [name, { options, words, filesAsArguments }] of choices) {
    const [first = '', second] = name.split(' ');
    const seen =
      name === ''
        ? '__fish_use_subcommand'
        : second === undefined
          ? `__fish_seen_subcommand_from ${first}`
          : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    const below = words.filter((word) => choices.has(`${name} ${word.name}`)).map((word) => word.name);
    const notBelow = below.length === 0 ? '' : `; and not __fish_seen_subcommand_from ${below.join(' ')}`;
    for (const word of words) {
      lines.push(
        `complete -c kisimd -n ${fishQuote(seen + notBelow)} -a ${word.name} -d ${fishQuote(word.summary)}`,
      );
    }
    if (filesAsArguments) lines.push(`complete -c kisimd -n ${fishQuote(seen)} -F`);
    if (name === '') continue;
    for (const option of options) {
      if (!globals.includes(option) && option.flags !== '-h, --help') {
        lines.push(optionLine(option, `-n ${fishQuote(seen)}`));
      }
    }
  }
  for (const option of choices.get('')?.options ?? []) lines.push(optionLine(option, ''));
  return `${lines.join('\n')}\n`;
}

/** The completion script of a shell, made from the table of commands. */
export function completionScript(
  shell: CompletionShell,
  table: CliTable,
  globals: readonly OptionSpec[],
): string {
  const choices = choicesByCommand(table, globals);
  if (shell === 'bash') return bashScript(choices);
  if (shell === 'zsh') return zshScript(choices);
  return fishScript(choices, globals);
}
