// Loads every module of the program once, so that the compile cache holds all of them: a later start then neither
// loads the type stripper nor compiles, which is most of its time and a quarter of its memory. Run by setup and by the
// service on the pinned Node, with the launcher's flags and NODE_COMPILE_CACHE set.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/', import.meta.url));
for (const path of globSync('**/*.ts', { cwd: source })) {
  // What a thread begins with needs what its parent gives it; it holds little, and the modules that it imports are here.
  if (path.endsWith('worker.ts')) continue;
  // main.ts runs the command line as soon as it is imported: it gets a process of its own.
  if (path !== 'main.ts') await import(`${source}${path}`);
}
flushCompileCache();
const { status, stderr } = spawnSync(
  process.execPath,
  [...process.execArgv, `${source}main.ts`, '--version'],
  {
    encoding: 'utf8',
  },
);
if (status !== 0) throw new Error(`the program does not start: ${stderr}`);
