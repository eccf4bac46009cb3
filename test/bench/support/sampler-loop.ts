import { loadAddon } from '../../../src/native/addon.ts';
import { INTEL_RANGE, PowercapTreeFixture } from '../../support/powercap-tree.ts';

// Two packages and their memory, read by the native thread at the rate asked for until SIGTERM.
const hz = Number(process.argv[2]);
const names = ['package-0', 'package-1'].flatMap((name, socket) => [
  [`intel-rapl:${socket}`, name] as const,
  [`intel-rapl:${socket}:0`, 'dram'] as const,
]);
const tree = new PowercapTreeFixture(
  Object.fromEntries(
    names.map(([id, name]) => [id, { name, energyMicrojoules: 1, rangeMicrojoules: INTEL_RANGE }]),
  ),
);
const paths = names.map(([id]) => tree.path(id));
const sampler = new (loadAddon().CounterSampler)({ paths, wrapRanges: paths.map(() => INTEL_RANGE), hz });
const startedAt = performance.now();
const keepAlive = setInterval(() => undefined, 60_000);
process.on('SIGTERM', () => {
  const arrays = [0, 1, 2].map(() => new Float64Array(paths.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const statistics = sampler.drain(...arrays);
  const seconds = (performance.now() - startedAt) / 1000;
  sampler.stop();
  clearInterval(keepAlive);
  tree.remove();
  process.stdout.write(`${JSON.stringify({ ...statistics, seconds })}\n`);
});
process.stdout.write('ready\n');
