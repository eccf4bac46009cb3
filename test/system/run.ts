// `npm run test:system [PART...]`: the program beside the real things: systemd, containerd, QEMU, Prometheus. Needs
// root for most parts and installs what it lacks with apt-get where it may. One part after the other, each in a
// process of its own, because they share the machine whose load they measure.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenParts, runParts } from '../support/run-parts.ts';

const parts = ['systemd', 'privilege', 'container', 'vm', 'unit', 'disk', 'prometheus'] as const;

const chosen = chosenParts(parts, process.argv.slice(2));
process.exitCode = chosen === undefined ? 2 : await runParts(dirname(fileURLToPath(import.meta.url)), chosen);
