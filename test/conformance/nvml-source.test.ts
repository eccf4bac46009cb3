import { test } from 'node:test';
import { NvmlSource } from '../../src/meter/nvml.ts';
import { loadAddon } from '../../src/native/addon.ts';
import { checkPowerSource } from '../support/check-power-source.ts';
import { fakeNvml, NvmlScript } from '../support/fake-nvml.ts';

/** A board with a counter (150 W) and one with power alone (50 W), on the stand-in library. */
function rigOf(init: string | undefined) {
  let seconds = 1;
  let broken = false;
  let open = 0;
  const lines = () => [
    ...(init === undefined ? [] : [`init=${init}`]),
    '0.uuid=GPU-a',
    '0.name=Board',
    '1.uuid=GPU-b',
    '1.name=Old board',
    ...(broken
      ? ['0.lost=GPU_IS_LOST', '1.power=TIMEOUT']
      : [`0.energy=${seconds * 150_000}`, '0.power=150000', '1.power=50000']),
  ];
  const script = new NvmlScript(lines());
  const source = new NvmlSource({
    open: () => {
      const nvml = new (loadAddon().Nvml)({ libraryPath: fakeNvml.path });
      open += 1;
      const close = () => {
        open -= 1;
        nvml.close();
      };
      return new Proxy(nvml, {
        get: (target, name) => {
          if (name === 'close') return close;
          const member: unknown = Reflect.get(target, name, target);
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    },
    clock: { monotonicNanoseconds: () => seconds * 1e9 },
    log: { info: () => undefined, warn: () => undefined },
  });
  return {
    source,
    advance: (more: number) => {
      seconds += more;
      script.play(lines());
      return { monotonicNanoseconds: seconds * 1e9, busyNanoseconds: 0, cpuCount: 2 };
    },
    breakAll: () => {
      broken = true;
    },
    held: () => open,
    dispose: () => script.remove(),
  };
}

if (fakeNvml.skip === false) {
  checkPowerSource({ name: 'nvml', rig: () => rigOf(undefined), unusable: () => rigOf('DRIVER_NOT_LOADED') });
} else {
  test('power source: nvml', { skip: fakeNvml.skip }, () => undefined);
}
