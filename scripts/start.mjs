// `npm start`: set up, then show what burns power here and where pods would go. `npm start -- run` starts the daemon instead.
import './setup.mjs';
import { root, run } from './node24.mjs';

const args = process.argv.slice(2);
// Into a file or a pipe a few tables say enough; on a terminal it runs until `q`.
const command =
  args.length > 0
    ? args
    : process.stdout.isTTY
      ? ['top', '--placement']
      : ['top', '--placement', '--count', '5'];
process.exitCode = await run(`${root}scripts/kisimd`, command);
