import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../../../src/cli/program.ts';
import { CAPTURE_FILE, decodeCapture } from '../../../../src/meter/capture-format.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { fakeHost } from '../fake-host.ts';

const estimated = ['--set', 'meter.sources=estimated', '--interval', '20ms'];

function captureIn(folder: string) {
  return decodeCapture(readFileSync(join(folder, CAPTURE_FILE), 'utf8'));
}

test('a capture is made in a new folder, and how to play it is told', async (t) => {
  const folder = join(temporaryFolder(t), 'new', 'capture');
  const host = fakeHost();
  assert.equal(await runCli(['record', folder, '--for', '60ms', ...estimated], host), 0, host.err());
  const { zones, records, truncated } = captureIn(folder);
  assert.deepEqual(
    zones.map(({ id }) => id),
    ['node-estimated'],
  );
  assert.ok(records.length >= 2);
  assert.ok((records.at(-1)?.readings[0]?.energyMicrojoules ?? 0) > 0);
  assert.equal(truncated, false);
  assert.match(
    host.out(),
    new RegExp(`^${records.length} readings of node-estimated in 0\\.\\d s, read by estimated`),
  );
  assert.ok(host.out().includes(`--set meter.recording=${folder}`));
  assert.equal(host.err(), '', 'no progress where there is no terminal');
});

test('--json tells the same for programs', async (t) => {
  const folder = temporaryFolder(t);
  const host = fakeHost();
  assert.equal(await runCli(['record', folder, '--for', '20ms', '--json', ...estimated], host), 0);
  const told = JSON.parse(host.out());
  assert.equal(told.file, join(folder, CAPTURE_FILE));
  assert.deepEqual(told.sources, ['estimated']);
  assert.deepEqual(told.zones, ['node-estimated']);
  assert.equal(told.readings, captureIn(folder).records.length);
  assert.ok(told.seconds >= 0.02);
});

test('asked to stop it ends at once, and what was recorded is kept and whole', async (t) => {
  const folder = temporaryFolder(t);
  const host = { ...fakeHost(), signal: AbortSignal.timeout(50) };
  assert.equal(await runCli(['record', folder, ...estimated.slice(0, 2), '--interval', '60s'], host), 0);
  assert.equal(captureIn(folder).records.length, 2);
});

test('a terminal is shown progress, and the line is taken away at the end', async (t) => {
  const host = fakeHost();
  const stderr = Object.assign(host.stderr, { isTTY: true });
  assert.equal(
    await runCli(['record', temporaryFolder(t), '--for', '30ms', ...estimated], { ...host, stderr }),
    0,
  );
  assert.match(host.err(), /1 reading, \? a second, \? W, 1 s left\r/);
  assert.ok(host.err().endsWith('\r\x1b[K'));
});

test('a folder that holds something, or is none, is refused before anything is written', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'mine');
  for (const [path, found] of [
    [folder, /holds notes\.txt/],
    [file, /ENOTDIR/],
  ] as const) {
    const host = fakeHost();
    assert.equal(await runCli(['record', path, '--for', '20ms', ...estimated], host), 1);
    assert.match(host.err(), /^KISIM_E_CLI_CAPTURE_FOLDER/);
    assert.match(host.err(), found);
  }
  assert.deepEqual(readdirSync(folder), ['notes.txt']);
});

test('without a source of energy no folder is made', async (t) => {
  const root = temporaryFolder(t);
  const folder = join(root, 'capture');
  const host = fakeHost();
  const nothing = ['--set', 'meter.sources=rapl-powercap', '--set', `roots.sys=${root}`];
  assert.equal(await runCli(['record', folder, '--for', '20ms', ...nothing], host), 1);
  assert.match(host.err(), /^KISIM_E_METER_NO_SOURCE/);
  assert.equal(existsSync(folder), false);
});

test('a time that is none is a mistake of the command line', async (t) => {
  const folder = temporaryFolder(t);
  for (const [text, code] of [
    ['0s', /KISIM_E_USAGE/],
    ['soon', /KISIM_E_DURATION/],
  ] as const) {
    const host = fakeHost();
    assert.equal(await runCli(['record', folder, '--for', text, ...estimated], host), 2);
    assert.match(host.err(), code);
  }
  const host = fakeHost();
  assert.equal(await runCli(['record'], host), 2);
  assert.match(host.err(), /folder/);
});
