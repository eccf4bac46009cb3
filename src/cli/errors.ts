import { defineErrors } from '../util/errors.ts';

export const cliErrors = defineErrors({
  KISIM_E_USAGE: {
    summary: 'the command line was not understood',
    expected: 'a command of `kisimd --help` with its options',
    action: 'run `kisimd --help`, or `kisimd COMMAND --help`',
  },
  KISIM_E_CLI_NO_DAEMON: {
    summary: 'no daemon answers',
    expected: 'a running `kisimd run` or `rl-sched.service` with export.enabled',
    action:
      'start it with `systemctl start rl-sched` or `kisimd run`, or give its address: `--set export.port=...`',
  },
  KISIM_E_CLI_DAEMON_ANSWER: {
    summary: 'what listens where the daemon should gives no usable answer',
    expected: 'a daemon of this version at export.host and export.port',
    action: 'check export.port and that daemon and command are of one version; see the log of the daemon',
  },
  KISIM_E_CLI_CAPTURE_FOLDER: {
    summary: 'the folder cannot take a new capture',
    expected: 'a folder that is empty or does not exist yet, where this user may write',
    action: 'name another folder, or empty this one',
  },
  KISIM_E_CLI_NO_DECISION: {
    summary: 'no decision about this pod is recorded',
    expected: 'a pod that the placement loop has decided on, within history.decision-days',
    action:
      'check name and namespace: `sqlite3 FILE "select * from decisions"` lists all; pods of namespaces that are not opted in are never decided on',
  },
  KISIM_E_OUTPUT_FILE: {
    summary: 'the output file cannot be written',
    expected: 'a path in a folder that exists and may be written',
    action: 'choose another path, or make the folder',
  },
});
