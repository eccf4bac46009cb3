import type { CommandSpec } from '../command.ts';

export const completionCommand: CommandSpec = {
  name: 'completion',
  summary: 'Print the completion script of a shell',
  description: 'Prints a script that completes commands, options and their values in bash, zsh or fish.',
  arguments: [
    { name: 'shell', description: 'bash, zsh or fish', required: true, choices: ['bash', 'zsh', 'fish'] },
  ],
  options: [],
  examples: [
    { command: 'source <(kisimd completion bash)', does: 'completion in this bash' },
    {
      command: 'kisimd completion bash > /usr/share/bash-completion/completions/kisimd',
      does: 'completion in every bash',
    },
    {
      command: 'kisimd completion zsh > /usr/local/share/zsh/site-functions/_kisimd',
      does: 'completion in zsh',
    },
    {
      command: 'kisimd completion fish > ~/.config/fish/completions/kisimd.fish',
      does: 'completion in fish',
    },
  ],
  run: async (context) => (await import('../commands/completion.ts')).runCompletion(context),
};
