// Brings a bare clone to a state that runs: locked dependencies, then the addon. Each step is skipped when what it
// depends on has not changed. Runs on the system's Node (20 or newer), so it uses nothing but Node's own modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dependencyStamp = join(root, 'node_modules', '.kisimd-stamp');
const addonStamp = join(root, 'build', '.kisimd-stamp');
const addon = join(root, 'build', 'Release', 'kisimd.node');
const cacheStamp = join(root, 'build', 'compile-cache', '.kisimd-stamp');
const lock = join(root, '.setup-lock');

/** Ends the program with what is missing and the command that brings it. */
function fail(code, summary, expected, action) {
  process.stderr.write(`${code}: ${summary}\n  expected: ${expected}\n  to do:    ${action}\n`);
  releaseLock();
  process.exit(1);
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length))
    .sort();
}

function stampHolds(stamp, wanted) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function run(step, command, args, env = process.env) {
  const started = Date.now();
  process.stderr.write(`${step}...\n`);
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    fail(
      'KISIM_E_SETUP_STEP',
      `${step} failed (${result.error?.message ?? `status ${result.status}`})`,
      'the step to end with status 0',
      'read the output above',
    );
  }
  process.stderr.write(`${step}: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Two setups at once would tear each other's build apart; the second waits, and takes over from a dead one. */
function takeLock() {
  for (;;) {
    try {
      const file = openSync(lock, 'wx');
      writeFileSync(file, String(process.pid));
      closeSync(file);
      process.on('exit', releaseLock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (holder > 0 && !existsSync(`/proc/${holder}`)) rmSync(lock, { force: true });
    else sleep(200);
  }
}

function releaseLock() {
  if (existsSync(lock) && readFileSync(lock, 'utf8') === String(process.pid)) rmSync(lock, { force: true });
}

const nodeMajor = Number(process.versions.node.split('.')[0]);
if (process.platform !== 'linux') {
  fail(
    'KISIM_E_SETUP_PLATFORM',
    `this is ${process.platform}`,
    'Linux',
    'run kisimd on a Linux host or guest',
  );
}
if (nodeMajor < 20) {
  fail(
    'KISIM_E_SETUP_NODE',
    `this is Node ${process.versions.node}`,
    'Node 20 or newer',
    'install a current Node from your distribution or nodejs.org',
  );
}

const manifests = digest(['package.json', 'package-lock.json', '.npmrc']);
const nativeSources = () =>
  digest([
    ...filesBelow('native/src'),
    ...filesBelow('native/include'),
    'CMakeLists.txt',
    'package-lock.json',
  ]);

const program = digest([...filesBelow('src'), 'scripts/node-flags', 'package-lock.json']);

const ready =
  stampHolds(dependencyStamp, manifests) &&
  existsSync(addon) &&
  stampHolds(addonStamp, nativeSources()) &&
  stampHolds(cacheStamp, program);
if (!ready) {
  takeLock();
  if (!stampHolds(dependencyStamp, manifests)) {
    // No dependency needs its install script: the addons among them carry Node-API binaries.
    run('dependencies (npm ci)', 'npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error']);
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(dependencyStamp, manifests);
  }
  const sources = nativeSources();
  if (!existsSync(addon) || !stampHolds(addonStamp, sources)) {
    if (!succeeds('cmake', '--version')) {
      fail(
        'KISIM_E_SETUP_CMAKE',
        'cmake was not found',
        'CMake 3.18 or newer on the PATH',
        'Debian, Ubuntu: apt-get install cmake; Fedora: dnf install cmake',
      );
    }
    const compiler = process.env.CXX ?? ['c++', 'g++', 'clang++'].find((name) => succeeds(name, '--version'));
    if (compiler === undefined) {
      fail(
        'KISIM_E_SETUP_COMPILER',
        'no C++ compiler was found',
        'g++ 11, clang 14 or newer on the PATH, or named by CXX',
        'Debian, Ubuntu: apt-get install g++ make; Fedora: dnf install gcc-c++ make',
      );
    }
    if (!succeeds('make', '--version') && !succeeds('ninja', '--version')) {
      fail(
        'KISIM_E_SETUP_MAKE',
        'neither make nor ninja was found',
        'one of them on the PATH',
        'Debian, Ubuntu: apt-get install make; Fedora: dnf install make',
      );
    }
    run('addon (cmake-js)', join(root, 'node_modules', '.bin', 'cmake-js'), [
      'compile',
      '--out',
      'build',
      '--log-level',
      'warn',
      '--CDCMAKE_BUILD_TYPE=Release',
    ]);
    writeFileSync(addonStamp, sources);
  }
  if (!stampHolds(cacheStamp, program)) {
    const cache = join(root, 'build', 'compile-cache');
    rmSync(cache, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    // The cache is kept apart by V8's flags, so they must be those of the launcher.
    const flags = readFileSync(join(root, 'scripts', 'node-flags'), 'utf8')
      .trim()
      .split(' ');
    const warm = [...flags, join(root, 'scripts', 'warm-cache.mjs')];
    run('compile cache', join(root, 'node_modules', '.bin', 'node'), warm, {
      ...process.env,
      NODE_COMPILE_CACHE: cache,
    });
    writeFileSync(cacheStamp, program);
  }
  releaseLock();
}
