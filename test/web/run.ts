// `npm run test:web [PART...]`: pages that the program makes, in a real browser. Takes the browser that is installed, or
// installs Debian's chromium where this is root on Debian; without one every part is skipped and says so.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenParts, runParts } from '../support/run-parts.ts';

const parts = ['benchmark-report', 'load-report', 'autoscale-report', 'queue-report'] as const;

const chosen = chosenParts(parts, process.argv.slice(2));
process.exitCode = chosen === undefined ? 2 : await runParts(dirname(fileURLToPath(import.meta.url)), chosen);
