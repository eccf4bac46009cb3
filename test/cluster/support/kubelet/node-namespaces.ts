/**
 * The command that runs another one as the first process of new mount and process namespaces. When that process is
 * killed, or whoever waits for it, the kernel ends all that runs there, and with it all mounts: nothing has to be
 * looked for, even after a kill.
 */
export function inNamespaces(argv: readonly string[]): readonly [string, ...string[]] {
  return [
    'setpriv',
    ...['--pdeathsig', 'KILL', '--'],
    ...['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'],
    '--',
    ...argv,
  ];
}
