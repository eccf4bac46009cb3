import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { Identity } from '../../../../src/cli/doctor/identity.ts';
import { hidepidFinding, processFindings } from '../../../../src/cli/doctor/processes.ts';
import { nativeErrors } from '../../../../src/native/errors.ts';
import type { NativeProcessScanner, ScannerStatus } from '../../../../src/native/process-scanner.ts';
import { HostTree } from './tree.ts';

let tree: HostTree;
beforeEach(() => {
  tree = new HostTree();
});
afterEach(() => tree.remove());

const root: Identity = { uid: 0, capabilities: new Set(['CAP_NET_ADMIN']), ownNamespaces: [] };
const nobody: Identity = { uid: 65534, capabilities: new Set(), ownNamespaces: [] };

function scanner(status: Partial<ScannerStatus>, refusals: readonly string[] = []) {
  let closed = false;
  const fake = {
    refusals,
    tick: () => ({
      alive: 7,
      status: {
        births: 'connector',
        exits: 'taskstats',
        storm: false,
        overruns: 0,
        unreadable: 0,
        ...status,
      },
    }),
    close: () => {
      closed = true;
    },
  } as unknown as NativeProcessScanner;
  return { make: () => fake, closed: () => closed };
}

test('with both event tiers all is good, and the scanner is closed again', () => {
  const { make, closed } = scanner({});
  const findings = processFindings(make, root, '/n');
  assert.deepEqual(
    findings.map(({ mark }) => mark),
    ['ok', 'ok', 'ok'],
  );
  assert.equal(closed(), true);
});

test('a refused tier tells its reason and the command that grants the capability', () => {
  const { make } = scanner({ births: 'readdir', exits: 'none' }, [
    'proc connector: EPERM',
    'taskstats: EPERM, needs CAP_NET_ADMIN',
  ]);
  const findings = processFindings(make, nobody, '/opt/node');
  const births = findings.find(({ subject }) => subject === 'births');
  const exits = findings.find(({ subject }) => subject === 'exits');
  assert.match(births?.says ?? '', /proc connector: EPERM$/);
  assert.match(exits?.says ?? '', /taskstats: EPERM, needs CAP_NET_ADMIN$/);
  assert.match(exits?.action ?? '', /sudo setcap cap_net_admin,cap_perfmon=ep \/opt\/node/);
});

test('inside a namespace the advice is to run on the host', () => {
  const { make } = scanner({ exits: 'none' }, ['taskstats: no record came']);
  const inside: Identity = { ...root, ownNamespaces: ['pid'] };
  const exits = processFindings(make, inside, '/n').find(({ subject }) => subject === 'exits');
  assert.match(exits?.action ?? '', /hostPID: true and hostNetwork: true/);
});

test('unreadable processes are counted, not hidden', () => {
  const { make } = scanner({ unreadable: 3 });
  const [first] = processFindings(make, root, '/n');
  assert.equal(first?.mark, 'warn');
  assert.match(first?.says ?? '', /7 processes, 3 with a file that may not be read/);
});

test('a scanner that cannot be made is refused', () => {
  const missing = processFindings(
    () => {
      throw nativeErrors.KISIM_E_ADDON_MISSING('x');
    },
    root,
    '/n',
  );
  assert.equal(missing[0]?.code, 'KISIM_E_ADDON_MISSING');
  const noProc = processFindings(
    () => {
      throw Object.assign(new Error('/proc: ENOENT'), { code: 'ENOENT' });
    },
    root,
    '/n',
  );
  assert.equal(noProc[0]?.mark, 'refused');
});

test('a scan that fails is refused, and the scanner is closed', () => {
  const { make, closed } = scanner({});
  const failing = () =>
    Object.assign(make(), {
      tick: () => {
        throw Object.assign(new Error('/proc: Not a directory'), { code: 'ENOTDIR' });
      },
    });
  const [only] = processFindings(failing, root, '/n');
  assert.equal(only?.mark, 'refused');
  assert.match(only?.says ?? '', /Not a directory/);
  assert.equal(closed(), true);
});

test('a /proc that hides the processes of others is told', () => {
  tree.file('proc/self/mountinfo', '22 1 0:20 / /proc rw,nosuid - proc proc rw,gid=4,hidepid=invisible\n');
  assert.match(hidepidFinding(tree.roots).says, /hidepid=invisible/);
  tree.file('proc/self/mountinfo', '22 1 0:20 / /proc rw,nosuid - proc proc rw\n');
  assert.equal(hidepidFinding(tree.roots).mark, 'ok');
});
