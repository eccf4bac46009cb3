// Builds the native tests with AddressSanitizer and UndefinedBehaviorSanitizer, and runs them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = `${root}build/native-test`;
for (const [command, ...args] of [
  [
    'cmake',
    '-S',
    root,
    '-B',
    build,
    '-DCMAKE_BUILD_TYPE=Debug',
    '-DKISIMD_NATIVE_TESTS=ON',
    '-DKISIMD_SANITIZE=ON',
  ],
  ['cmake', '--build', build, '--parallel'],
  ['ctest', '--test-dir', build, '--output-on-failure'],
]) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
