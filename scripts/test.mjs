// `npm test`: set up, then every test that needs neither root nor other programs. Arguments go to node:test.
import './setup.mjs';
import { availableParallelism } from 'node:os';
import { root, runNode } from './node24.mjs';

const args = process.argv.slice(2);
const chosen = args.filter((arg) => !arg.startsWith('-'));
const patterns =
  chosen.length > 0
    ? chosen
    : ['test/unit/**/*.test.ts', 'test/conformance/**/*.test.ts', 'test/e2e/**/*.test.ts'];
process.exitCode = await runNode(
  [
    '--test',
    '--test-timeout=120000',
    `--test-concurrency=${availableParallelism()}`,
    ...args.filter((arg) => arg.startsWith('-')),
    ...patterns,
  ],
  { cwd: root, env: { ...process.env, NODE_COMPILE_CACHE: `${root}build/test-cache` } },
);
