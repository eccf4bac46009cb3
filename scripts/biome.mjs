// Runs Biome's own binary for this processor: `node scripts/biome.mjs check .`
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const binary = fileURLToPath(
  new URL(`../node_modules/@biomejs/cli-linux-${process.arch}/biome`, import.meta.url),
);
const { status, error } = spawnSync(binary, process.argv.slice(2), { stdio: 'inherit' });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
