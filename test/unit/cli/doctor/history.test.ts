import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { historyFindings } from '../../../../src/cli/doctor/history.ts';
import { defaultConfig } from '../../../../src/config/defaults.ts';
import { HostTree } from './tree.ts';

let tree: HostTree;
beforeEach(() => {
  tree = new HostTree();
});
afterEach(() => tree.remove());

function config(path: string, enabled = true) {
  const { history } = defaultConfig({}, { hostname: 'n', uid: 0, homeDirectory: undefined });
  return { history: { ...history, path, enabled } };
}

test('a database that does not exist yet is good where its folder can be made', () => {
  const [database, disk] = historyFindings(config(join(tree.root, 'a/b/energy.db')), 'ada');
  assert.equal(database?.mark, 'ok');
  assert.match(database?.says ?? '', /not made yet/);
  assert.match(disk?.says ?? '', /MB free in /);
});

test('a folder that cannot be written is refused with the command for this user', () => {
  // A file in place of a folder cannot be entered by anybody, root included.
  tree.file('state', 'not a folder');
  const [database] = historyFindings(config(join(tree.root, 'state/energy.db')), 'ada');
  assert.equal(database?.mark, 'refused');
  assert.match(database?.action ?? '', /sudo install -d -o ada /);
});

test('a history that is switched off is told', () => {
  const [only, ...others] = historyFindings(config('/x', false), 'ada');
  assert.equal(only?.mark, 'warn');
  assert.equal(others.length, 0);
});
