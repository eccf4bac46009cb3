import { defineErrors } from '../../util/errors.ts';

export const sleepErrors = defineErrors({
  KISIM_E_SLEEP_COMMAND: {
    summary: 'a command that switches nodes is not usable',
    expected:
      'a program with its arguments, quoted where they hold spaces, with {node} where the name of the node belongs; sleep.sleep-command and sleep.wake-command are both needed',
    action: 'correct sleep.sleep-command and sleep.wake-command; docs/user/sleeping-nodes.md has examples',
  },
  KISIM_E_SLEEP_FAILED: {
    summary: 'a node could not be put to sleep',
    expected: 'a command that ends with status 0 within the time limit',
    action:
      'run the command by hand for the node named here; the node takes pods again, and it is tried again after a while',
  },
  KISIM_E_SLEEP_WAKE: {
    summary: 'a node does not wake',
    expected: 'a command that ends with status 0, and a node that is ready within sleep.wake-timeout-seconds',
    action:
      'look at the machine; other nodes are woken in its place meanwhile, and it is tried again after a while',
  },
  KISIM_E_SLEEP_STILL_UP: {
    summary: 'a node that was put to sleep is up',
    expected: 'a node that is no longer ready some minutes after the command that puts it to sleep',
    action:
      'see that sleep.sleep-command stops the machine and not something else; the node takes pods again',
  },
  KISIM_E_SLEEP_DRAIN: {
    summary: 'a node could not be emptied',
    expected: 'disruption budgets that let its pods go within some minutes',
    action: 'see `kubectl get pdb -A`; the node takes pods again, and it is tried again after a while',
  },
  KISIM_E_SLEEP_MARK: {
    summary: 'what stands on a node about its sleep cannot be read',
    expected: 'the annotation kisimd.io/sleep as the program writes it',
    action:
      'see whether the node is awake and cordoned, and take the annotation off: `kubectl annotate node NAME kisimd.io/sleep-`; the node is left alone until then',
  },
});
