import { staticBusybox } from '../../../system/support/busybox.ts';
import { unmetNeeds } from '../../../system/support/needs.ts';
import { attempt } from '../../../system/support/run-command.ts';
import { cniPlugins } from './cni-plugins.ts';
import { hierarchies, makeGroup, nodeGroup, removeGroup } from './node-groups.ts';
import { inNamespaces } from './node-namespaces.ts';

/**
 * Why no kubelets can be had on this machine, or false. Fetches what is missing, so ask outside of the private network.
 */
export function kubeletsMissing(): string | false {
  const programs = {
    containerd: 'containerd',
    ctr: 'containerd',
    runc: 'runc',
    ip: 'iproute2',
    mount: 'mount',
    nsenter: 'util-linux',
    setpriv: 'util-linux',
    unshare: 'util-linux',
  };
  return unmetNeeds({ root: true, programs }) || packagesMissing() || namespacesMissing() || groupsMissing();
}

/** Kept in the cache, so that they are at hand where nothing can be fetched. */
function packagesMissing(): string | false {
  try {
    cniPlugins();
    staticBusybox();
    return false;
  } catch (error) {
    const packages = 'busybox-static containernetworking-plugins';
    return `needs what Debian's ${packages} hold (apt-get update): ${String(error).split('\n', 1)[0]}`;
  }
}

function namespacesMissing(): string | false {
  const { status, stderr } = attempt(inNamespaces(['mount', '-t', 'tmpfs', 'none', '/run']));
  return status === 0 ? false : `needs the right to mount (CAP_SYS_ADMIN): ${stderr.trim().slice(-200)}`;
}

function groupsMissing(): string | false {
  if (hierarchies().length === 0) return 'needs control groups, mounted below /sys/fs/cgroup';
  const probe = nodeGroup('probe');
  try {
    makeGroup(probe);
    return false;
  } catch (error) {
    return `needs the right to make control groups: ${String(error)}`;
  } finally {
    removeGroup(probe);
  }
}
