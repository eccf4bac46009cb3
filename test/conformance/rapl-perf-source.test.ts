import { checkPowerSource } from '../support/check-power-source.ts';
import { PerfHost } from '../support/perf-host.ts';

const twoSockets = {
  events: ['energy-pkg', 'energy-ram', 'energy-cores', 'energy-psys'],
  cpumask: '0,18',
  cpus: { 0: [0, 0], 18: [1, 0] },
} as const;

function rigOf(host: PerfHost) {
  const keys = [1, 2, 3, 5].flatMap((config) => [`18/${config}@0`, `18/${config}@18`]);
  return {
    source: host.source(),
    advance: (seconds: number) => {
      host.pass(seconds, Object.fromEntries(keys.map((key) => [key, 40])));
      return { monotonicNanoseconds: host.nanoseconds, busyNanoseconds: 0, cpuCount: 2 };
    },
    breakAll: () => {
      for (const key of keys) host.readFaults.set(key, 'EIO');
    },
    held: () => host.opened.length - host.closed.length,
    dispose: () => host.remove(),
  };
}

checkPowerSource({
  name: 'rapl-perf',
  rig: () => rigOf(new PerfHost(twoSockets)),
  unusable: () => {
    const host = new PerfHost(twoSockets);
    for (const config of [1, 2, 3, 5]) host.openFaults.set(`18/${config}`, 'EACCES');
    return rigOf(host);
  },
});
