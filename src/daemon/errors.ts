import { defineErrors } from '../util/errors.ts';

export const daemonErrors = defineErrors({
  KISIM_E_METER_SCAN: {
    summary: 'the processes of this machine could not be scanned',
    expected: 'a readable /proc',
    action:
      'run `kisimd doctor`; energy is still measured, and shown as unattributed until the scan works again',
  },
  KISIM_E_METER_SOURCE: {
    summary: 'a source of energy failed in an unforeseen way',
    expected: 'a reading or a reason for every zone',
    action: 'its zones are unknown until it works again and the others go on; report this with the log',
  },
  KISIM_E_METER_INTERVAL: {
    summary: 'an interval could not be measured',
    expected: 'a scan, readings and a split once an interval',
    action:
      'its energy is missing, the next interval is tried; report this with the log. Under systemd the watchdog restarts a daemon that measures nothing for some seconds',
  },
  KISIM_E_PLACEMENT_PERMISSION: {
    summary: 'the placement loop lacks a permission in the cluster',
    expected: 'the role that docs/developer/acting.md lists',
    action:
      'give the verb named here to the account of the kubeconfig; metering goes on, and what needs the verb does not',
  },
  KISIM_E_DAEMON_STOPPED: {
    summary: 'the daemon was stopped while it started',
    expected: 'a start that comes to its end before the stop',
    action: 'nothing is left running; start it again',
  },
  KISIM_E_DAEMON_HISTORY_LOST: {
    summary: 'the last measured seconds could not be kept',
    expected: 'a disk that takes what waits when the daemon stops',
    action: 'look for `history-not-written` in the log: it says what the disk refused',
  },
  KISIM_E_EXPERIMENT_FOLDER_USED: {
    summary: 'the folder holds an earlier experiment',
    expected: 'a new or empty folder, or --resume',
    action: 'add --resume to go on with it, or name another folder with --out',
  },
  KISIM_E_EXPERIMENT_NOTHING_TO_RESUME: {
    summary: 'there is no experiment to go on with',
    expected: 'the folder of an experiment that was begun',
    action: 'name its folder with --out, or leave --resume out to begin a new one',
  },
  KISIM_E_EXPERIMENT_OTHER_PLAN: {
    summary: 'the experiment in the folder was planned otherwise',
    expected: 'the options that it was begun with, or none of them',
    action: 'leave out all options but --resume and --out, or name another folder',
  },
  KISIM_E_EXPERIMENT_POLICY: {
    summary: 'the experiment cannot place by this policy',
    expected: '`default` for the scheduler of the cluster itself, or the name of a policy',
    action: 'name another one with --a or --b',
  },
  KISIM_E_EXPERIMENT_NO_CLUSTER: {
    summary: 'the experiment does not reach the cluster',
    expected: 'an API server that answers within a minute, with the account and the rights of `kisimd setup`',
    action: 'mend what is named here; `kubectl get nodes` tries the same kubeconfig',
  },
  KISIM_E_EXPERIMENT_NOT_LEADING: {
    summary: 'another instance places the pods of this cluster',
    expected: 'the lease, so that nobody else decides meanwhile',
    action:
      'stop the placement of the instance named here: run it with placement.cluster=off (it goes on metering) or stop it; `kisimd pause` is not enough, since a paused instance keeps the lease',
  },
  KISIM_E_EXPERIMENT_INTERRUPTED: {
    summary: 'the experiment is interrupted again and again',
    expected: 'two periods one after the other in which pods are placed and energy is read',
    action: 'see the reason here; go on with --resume once it is gone',
  },
});
