import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkout, mainFile } from './support/meter.ts';
import { unmetNeeds } from './support/needs.ts';
import { output } from './support/run-command.ts';

// The inode numbers of the first namespaces (include/linux/proc_ns.h): taskstats is served in these alone.
const inFirstNamespaces =
  readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]' &&
  readlinkSync('/proc/self/ns/user') === 'user:[4026531837]';
const skip = inFirstNamespaces
  ? unmetNeeds({ root: true, programs: { setpriv: 'util-linux' } })
  : 'this is a container: the kernel serves taskstats on the host alone';

const nobody = '65534';

/** The doctor's marks by subject, as a user with nothing but these capabilities gets them. */
function marksWith(capabilities: readonly string[]): ReadonlyMap<string, string> {
  const list = ['-all', ...capabilities.map((name) => `+${name.replace(/^CAP_/, '').toLowerCase()}`)].join(
    ',',
  );
  const report = output([
    'setpriv',
    ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=${list}`, `--ambient-caps=${list}`, `--bounding-set=${list}`],
    process.execPath,
    mainFile,
    'doctor',
    '--json',
  ]);
  const { findings } = JSON.parse(report) as { findings: readonly { subject: string; mark: string }[] };
  return new Map(findings.map(({ subject, mark }) => [subject, mark]));
}

describe('the rights of the service, on the host itself', { skip }, () => {
  const unit = readFileSync(join(checkout, 'systemd/rl-sched.service'), 'utf8');
  const granted = unit.match(/^AmbientCapabilities=(.*)$/m)?.[1]?.split(' ') ?? [];

  test('an ordinary user with its capabilities gets births and exits of processes from the kernel', () => {
    assert.equal(granted.includes('CAP_NET_ADMIN'), true);
    const marks = marksWith(granted);
    assert.equal(marks.get('births'), 'ok');
    assert.equal(marks.get('exits'), 'ok');
  });

  test('without CAP_NET_ADMIN the exits are refused: the capability is needed', () => {
    const marks = marksWith(granted.filter((name) => name !== 'CAP_NET_ADMIN'));
    assert.notEqual(marks.get('exits'), 'ok');
    assert.equal(marks.get('/proc'), 'ok');
  });
});
