import { defineErrors } from '../util/errors.ts';

export const inventoryErrors = defineErrors({
  KISIM_E_INVENTORY_SLOT: {
    summary: 'a process slot was asked for that no birth was reported for',
    expected: 'every slot of a tick to be in its births or in those of an earlier tick',
    action: 'report this as a bug, with the log of the daemon',
  },
  KISIM_E_CGROUP_MOUNTS: {
    summary: 'no cgroup file system with CPU counters was found',
    expected: 'a mount of cgroup2, or of cgroup with the cpuacct controller, that shows the whole host',
    action:
      'mount it (`mount -t cgroup2 none /sys/fs/cgroup`), or give a container the host folder /sys/fs/cgroup',
  },
  KISIM_E_CGROUP_COUNTER: {
    summary: 'the CPU counter of a cgroup cannot be read, so its processes are summed instead',
    expected: 'a readable cpu.stat or cpuacct.usage',
    action: 'run with the host cgroup namespace, and raise LimitNOFILE if the error is EMFILE',
  },
  KISIM_E_CONTAINER_NAMES: {
    summary: 'a file that holds names of containers cannot be used',
    expected: 'readable JSON or folders as the container runtime writes them',
    action:
      'give the daemon read access (CAP_DAC_READ_SEARCH, and CAP_SYS_PTRACE for containerds with folders of their own); ' +
      'until then containers appear under their short id',
  },
});
