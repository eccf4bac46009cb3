import { join } from 'node:path';
import type { NativeProcessScanner } from '../../native/process-scanner.ts';
import { KisimError, systemErrorCode } from '../../util/errors.ts';
import type { HostRoots } from '../../util/host-roots.ts';
import type { Finding } from './finding.ts';
import type { Identity } from './identity.ts';
import { foundOr, probeText } from './probe-file.ts';

function capabilityHint({ capabilities, ownNamespaces }: Identity, nodePath: string): string {
  if (!capabilities.has('CAP_NET_ADMIN')) {
    return `\`sudo kisimd install-service\`; or for every program on this Node \`sudo setcap cap_net_admin,cap_perfmon=ep ${nodePath}\``;
  }
  if (ownNamespaces !== undefined && ownNamespaces.length > 0) {
    return 'run on the host itself; in Kubernetes with hostPID: true and hostNetwork: true';
  }
  return 'run on the host itself, not in a network namespace of its own; the kernel needs CONFIG_PROC_EVENTS and CONFIG_TASKSTATS';
}

/** The scanner could not be made, or could not scan. */
function scannerRefusal(error: unknown): Finding {
  const subject = { topic: 'processes', subject: 'scanner', mark: 'refused' } as const;
  if (error instanceof KisimError) {
    return { ...subject, says: error.message, action: error.action, code: error.code };
  }
  const code = systemErrorCode(error);
  return {
    ...subject,
    says: `the processes cannot be scanned: ${error instanceof Error ? error.message : String(error)}`,
    action: 'check that /proc is mounted and readable, and that roots.proc names it',
    ...(code === undefined ? {} : { code }),
  };
}

/** Which tiers of seeing processes the scanner gets here. It tests them itself: it forks a child and waits for its record. */
export function processFindings(
  makeScanner: () => NativeProcessScanner,
  identity: Identity,
  nodePath: string,
): readonly Finding[] {
  let scanner: NativeProcessScanner | undefined;
  try {
    scanner = makeScanner();
    return tierFindings(scanner, identity, nodePath);
  } catch (error) {
    return [scannerRefusal(error)];
  } finally {
    scanner?.close();
  }
}

function tierFindings(
  scanner: NativeProcessScanner,
  identity: Identity,
  nodePath: string,
): readonly Finding[] {
  const { alive, status } = scanner.tick();
  const why = (word: string) => scanner.refusals.filter((refusal) => refusal.includes(word)).join('; ');
  const findings: Finding[] = [
    {
      topic: 'processes',
      subject: 'scanner',
      mark: status.unreadable === 0 ? 'ok' : 'warn',
      says: `${alive} processes${status.unreadable === 0 ? '' : `, ${status.unreadable} with a file that may not be read`}`,
      ...(status.unreadable === 0 ? {} : { action: 'run as root or as the service to name those as well' }),
    },
  ];
  findings.push(
    status.births === 'connector'
      ? { topic: 'processes', subject: 'births', mark: 'ok', says: 'from the proc connector' }
      : {
          topic: 'processes',
          subject: 'births',
          mark: 'warn',
          says: `by listing /proc: ${why('connector') || 'the proc connector gave no reason'}`,
          action: capabilityHint(identity, nodePath),
        },
  );
  findings.push(
    status.exits === 'taskstats'
      ? {
          topic: 'processes',
          subject: 'exits',
          mark: 'ok',
          says: 'from taskstats, exact to the nanosecond',
        }
      : {
          topic: 'processes',
          subject: 'exits',
          mark: 'warn',
          says: `processes that end between two scans are charged to their container or unit, not by name: ${
            why('taskstats') || 'taskstats gave no reason'
          }`,
          action: capabilityHint(identity, nodePath),
        },
  );
  return findings;
}

/** Whether /proc hides the processes of other users (hidepid, proc(5)). */
export function hidepidFinding(roots: Pick<HostRoots, 'proc'>): Finding {
  const mountinfo = foundOr(probeText(join(roots.proc, 'self/mountinfo'))) ?? '';
  const options = /^.* - proc \S+ (\S+)$/m.exec(mountinfo)?.[1] ?? '';
  const hidepid = /hidepid=(\w+)/.exec(options)?.[1];
  const subject = { topic: 'processes', subject: '/proc' } as const;
  return hidepid === undefined || hidepid === '0' || hidepid === 'off'
    ? { ...subject, mark: 'ok', says: 'shows the processes of all users' }
    : {
        ...subject,
        mark: 'warn',
        says: `mounted with hidepid=${hidepid}: processes of other users are hidden from users without CAP_SYS_PTRACE`,
        action:
          '`sudo mount -o remount,hidepid=0 /proc`, or give the service a group with the mount option gid=',
      };
}
