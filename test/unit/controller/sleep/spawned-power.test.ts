import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpawnedPower } from '../../../../src/controller/sleep/spawned-power.ts';
import { silentLogger } from '../../../../src/util/log.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const node = `'${process.execPath}' -e`;
const never = new AbortController().signal;

function power(sleepCommand: string, limitMilliseconds = 20_000): SpawnedPower {
  return new SpawnedPower({
    sleepCommand,
    wakeCommand: sleepCommand,
    limitMilliseconds,
    log: silentLogger,
    killMilliseconds: 100,
  });
}

test('the program is given the name of the node, and status 0 is success', async (t) => {
  const file = join(temporaryFolder(t), 'said');
  const command = `${node} 'fs.writeFileSync(process.argv[1], process.argv[2])' ${file} {node}`;
  assert.deepEqual(await power(command).sleep('rack-7', never), { ok: true });
  assert.equal(readFileSync(file, 'utf8'), 'rack-7');
});

test('another status is a failure that tells what was said', async () => {
  const result = await power(`${node} 'console.error("no such machine"); process.exit(3)' {node}`).sleep(
    'rack-7',
    never,
  );
  assert(!result.ok);
  assert.equal(result.error.code, 'KISIM_E_SLEEP_FAILED');
  assert.match(result.error.message, /rack-7: status 3: no such machine/);
});

test('a program that is not there is a failure', async () => {
  const result = await power('/nowhere/at-all {node}').wake('rack-7', never);
  assert(!result.ok);
  assert.equal(result.error.code, 'KISIM_E_SLEEP_WAKE');
  assert.match(result.error.message, /ENOENT/);
});

test('a program that is too slow, and does not want to end, is ended with all that it has started', async (t) => {
  const file = join(temporaryFolder(t), 'left');
  const left = `process.on('SIGTERM', () => {}); setTimeout(() => fs.writeFileSync(process.argv[1], ''), 3000)`;
  const script = `process.on("SIGTERM", () => {}); child_process.spawn(process.execPath, ["-e", ${JSON.stringify(left).replaceAll("'", '\\u0027')}, process.argv[1]]); setInterval(() => {}, 1000)`;
  const result = await power(`${node} '${script}' ${file} {node}`, 500).sleep('rack-7', never);
  assert(!result.ok);
  assert.match(result.error.message, /not done after 0.5 s/);
  assert(!existsSync(file));
});

test('a program that is called off ends', async () => {
  const stop = new AbortController();
  const running = power(`${node} 'console.log(1); setInterval(() => {}, 1000)' {node}`).sleep(
    'a',
    stop.signal,
  );
  stop.abort();
  const result = await running;
  assert(!result.ok);
  assert.match(result.error.message, /called off/);
  assert(!(await power(`${node} '' {node}`).sleep('a', stop.signal)).ok);
});

test('a command without a node is refused', () => {
  assert.throws(() => power('true'), { code: 'KISIM_E_SLEEP_COMMAND' });
});
