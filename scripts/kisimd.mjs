#!/usr/bin/env node
// The `kisimd` command: the program on its pinned Node.
import { root, runNode } from './node24.mjs';

process.exitCode = await runNode([`${root}src/main.ts`, ...process.argv.slice(2)]);
