// Loads every module of the program once, so that the compile cache holds all of them and no later start has to
// strip types. Run by setup with NODE_COMPILE_CACHE set, on the pinned Node.
import { globSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/', import.meta.url));
for (const path of globSync('**/*.ts', { cwd: source })) {
  // main.ts runs the command line as soon as it is imported.
  if (path !== 'main.ts') await import(`${source}${path}`);
}
flushCompileCache();
