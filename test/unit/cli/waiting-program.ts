// A program with one command that waits until it is asked to stop; `wait stubbornly` goes on all the same.
import { runOnProcess } from '../../../src/cli/process-host.ts';

process.exitCode = await runOnProcess({
  groups: [],
  commands: [
    {
      name: 'wait',
      summary: '',
      description: '',
      arguments: [{ name: 'how', description: '', required: false }],
      options: [],
      examples: [],
      run: ({ args, signal, stdout }) =>
        new Promise((resolve) => {
          const keepAlive = setInterval(() => undefined, 60_000);
          signal.addEventListener('abort', () => {
            stdout.write(`asked to stop by ${signal.reason}\n`);
            if (args[0] === 'stubbornly') return;
            clearInterval(keepAlive);
            resolve(0);
          });
          stdout.write('waiting\n');
        }),
    },
  ],
});
