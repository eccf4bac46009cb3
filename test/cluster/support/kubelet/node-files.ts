import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cniPlugins } from './cni-plugins.ts';
import { PAUSE_IMAGE } from './images.ts';

export interface NodeFiles {
  readonly name: string;
  /** From 1: part of its addresses. */
  readonly number: number;
  /** Holds everything that the node writes, and what is written here. */
  readonly folder: string;
  readonly address: string;
  /** Control group of its pods. */
  readonly group: string;
  /** Certificate by which the API server is known. */
  readonly authority: string;
}

/** In the node's own /run. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** What containerd, the CNI plugins and the kubelet of a node are told, as files of its folder. */
export function writeNodeFiles(node: NodeFiles): void {
  const write = (name: string, text: string): void => writeFileSync(join(node.folder, name), text);
  write('containerd.toml', containerdConfig(node.folder));
  write('cni/10-bridge.conflist', JSON.stringify(network(node)));
  write('kubelet.json', JSON.stringify(kubeletConfig(node)));
}

function containerdConfig(folder: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  // An oom_score_adj below one's own needs CAP_SYS_RESOURCE, which root in a container often lacks.
  return `version = 2
root = "${folder}/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
address = "${CONTAINERD_SOCKET}"
[${cri}]
sandbox_image = "${PAUSE_IMAGE}"
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
[${cri}.cni]
bin_dir = "${cniPlugins()}"
conf_dir = "${folder}/cni"
[${cri}.containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

export function podBridge(number: number): string {
  return `pods${number}`;
}

function network({ number }: NodeFiles): object {
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      {
        type: 'bridge',
        bridge: podBridge(number),
        isGateway: true,
        ipMasq: false,
        ipam: { type: 'host-local', dataDir: '/run/cni', ranges: [[{ subnet: `10.244.${number}.0/24` }]] },
      },
    ],
  };
}

function kubeletConfig({ name, folder, address, group, authority }: NodeFiles): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    port: 10250,
    healthzPort: 0,
    readOnlyPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: false },
      x509: { clientCAFile: authority },
    },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    // By default a kubelet of 1.35 and later does not start on cgroup v1.
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${group}`,
    enforceNodeAllocatable: ['pods'],
    failSwapOn: false,
    // Each of the kubelets believes that it has the whole machine.
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    providerID: `test://${name}`,
    resolvConf: '',
    volumePluginDir: join(folder, 'volume-plugins'),
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '5s',
    maxPods: 60,
  };
}
