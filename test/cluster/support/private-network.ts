import { attempt } from '../../system/support/run-command.ts';

/**
 * The command that runs another one in a network namespace of its own, gone with its last process: nothing that is
 * started there can be reached from outside, whatever it listens on. Without root it needs user namespaces.
 */
export function inPrivateNetwork(argv: readonly string[]): readonly [string, ...string[]] {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  return ['unshare', '--net', ...user, '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...argv];
}

/** Why there can be no such namespace here, or false. */
export function privateNetworkMissing(): string | false {
  const { status, stderr } = attempt(inPrivateNetwork(['true']));
  return status === 0
    ? false
    : `needs root or user namespaces for a network of its own: ${stderr.trim().slice(-200)}`;
}
