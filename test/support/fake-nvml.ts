import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../native/test/fake_nvml.cc', import.meta.url));
const folder = fileURLToPath(new URL('../../build/fake-nvml/', import.meta.url));

interface StandIn {
  readonly path: string;
  readonly skip: string | false;
}

/**
 * Compiles the stand-in for NVIDIA's library once, into build/. Returns its path, or why the tests that need it are
 * skipped: `test('...', { skip: fakeNvml.skip }, () => ...)`.
 */
function build(name: string, ...flags: readonly string[]): StandIn {
  const library = join(folder, `${name}.so`);
  if (existsSync(library) && statSync(library).mtimeMs >= statSync(source).mtimeMs) {
    return { path: library, skip: false };
  }
  const compilers = process.env.CXX === undefined ? ['c++', 'g++', 'clang++'] : [process.env.CXX];
  const compiler = compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (compiler === undefined) return { path: '', skip: 'no C++ compiler to build the stand-in for NVML' };
  mkdirSync(folder, { recursive: true });
  // Test files run side by side: each compiles into a file of its own and puts it in place whole.
  const own = join(folder, `${name}.${process.pid}.so`);
  const options = ['-shared', '-fPIC', '-std=c++20', '-O1', ...flags, source, '-o', own];
  const result = spawnSync(compiler, options, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${compiler} failed on ${source}:\n${result.stderr}`);
  renameSync(own, library);
  return { path: library, skip: false };
}

export const fakeNvml = build('libfake_nvml');

/** As of the first years: unversioned names, short structs, neither energy nor MIG. */
export function buildOldFakeNvml(): StandIn {
  return build('libfake_nvml_old', '-DKISIMD_FAKE_NVML_OLD');
}

/** A script that the stand-in plays (its form is told in native/test/fake_nvml.cc); rewritten between two reads. */
export class NvmlScript {
  readonly #folder = mkdtempSync(join(tmpdir(), 'kisimd-nvml-'));
  readonly #path = join(this.#folder, 'script');

  constructor(lines: readonly string[]) {
    this.play(lines);
    process.env['KISIMD_FAKE_NVML'] = this.#path;
  }

  play(lines: readonly string[]): void {
    writeFileSync(this.#path, `${lines.join('\n')}\n`);
  }

  remove(): void {
    delete process.env['KISIMD_FAKE_NVML'];
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
