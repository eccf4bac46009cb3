// `npm run check`: everything that must hold before a commit and takes seconds. Tells all that fails, not the first.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkDocumentation } from './checks/documentation.ts';
import { checkErrorCodes } from './checks/error-codes.ts';
import { checkExactVersions } from './checks/exact-versions.ts';
import { checkGeneratedFiles } from './checks/generated-files.ts';
import { checkLeftovers } from './checks/leftovers.ts';
import { checkOneWayImports } from './checks/one-way-imports.ts';
import type { Problem } from './checks/problem.ts';

interface Check {
  readonly name: string;
  /** What to do where it fails. */
  readonly action: string;
  readonly run: () => Problem[] | Promise<Problem[]>;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** A program whose own output says what is wrong. */
function program(...[file, ...args]: readonly [string, ...string[]]): () => Problem[] {
  return () => {
    const { status, error } = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
    if (error !== undefined) throw error;
    return status === 0 ? [] : [{ where: file, says: `ended with status ${status}; see above` }];
  };
}

const checks: readonly Check[] = [
  {
    name: 'format and lint',
    action: 'run `npm run format`, correct by hand what is left',
    run: program('scripts/biome.mjs', 'check', '.'),
  },
  { name: 'types', action: 'correct the types', run: program('node_modules/.bin/tsc', '-p', '.') },
  {
    name: 'one-way imports',
    action: 'move the code to the later room, or what it needs to an earlier one',
    run: () => checkOneWayImports(root),
  },
  {
    name: 'error codes',
    action: 'declare the code in the errors.ts of its room, or remove it',
    run: () => checkErrorCodes(root),
  },
  {
    name: 'generated files',
    action: 'run `npm run generate` and commit the result',
    run: () => checkGeneratedFiles(root),
  },
  { name: 'documentation', action: 'correct the name or the link', run: () => checkDocumentation(root) },
  {
    name: 'exact versions',
    action: 'pin the version; `npm install NAME@VERSION` does',
    run: () => checkExactVersions(root),
  },
  { name: 'leftovers', action: 'finish it, or remove the mark', run: () => checkLeftovers(root) },
];

let failed = 0;
for (const { name, action, run } of checks) {
  const problems = await run();
  process.stdout.write(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
  if (problems.length === 0) continue;
  failed++;
  for (const { where, says } of problems) process.stdout.write(`         ${where}: ${says}\n`);
  process.stdout.write(`         to do: ${action}\n`);
}
process.stdout.write(
  failed === 0 ? `all ${checks.length} checks hold\n` : `${failed} of ${checks.length} checks failed\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
