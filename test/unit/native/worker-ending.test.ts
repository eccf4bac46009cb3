import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../support/workers-ended-at-work.ts', import.meta.url));

for (const work of ['scanner', 'counters', 'sampler'] as const) {
  test(`a worker that is ended within a call of the addon leaves the process alive: ${work}`, async () => {
    const child = spawn(process.execPath, [program, work, '12'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const ended = await new Promise((resolve) =>
      child.on('close', (status, signal) => resolve(signal ?? status)),
    );
    assert.equal(ended, 0, err);
    assert.equal(out, 'ended 12 workers\n');
  });
}
