import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAddon } from '../../../src/native/addon.ts';
import { buildOldFakeNvml, fakeNvml, NvmlScript } from '../../support/fake-nvml.ts';

const addon = loadAddon();
const coded = (code: string) => (error: Error & { code?: string }) => error.code === code;

test('a library that is not there is refused under the name NVML has for it', () => {
  assert.throws(
    () => new addon.Nvml({ libraryPath: '/nonexistent/libnvidia-ml.so.1' }),
    coded('NVML_ERROR_LIBRARY_NOT_FOUND'),
  );
});

test('arguments are checked', () => {
  assert.throws(() => new addon.Nvml({} as { libraryPath: string }), TypeError);
});

test('devices, energy, power, samples and processes come through', { skip: fakeNvml.skip }, (t) => {
  const script = new NvmlScript([
    'driver=550.54',
    '0.uuid=GPU-a',
    '0.name=Board A',
    '0.pci=00000000:01:00.0',
    '0.limit=300000',
    '0.energy=123456789012',
    '0.power=75500',
    '0.util=40',
    '0.sample=10 1700000000000000 30',
    '0.compute=10 4096',
    '0.graphics=20 18446744073709551615',
    '1.uuid=GPU-b',
    '1.name=Board B',
    '1.mig=1',
    '1.migdev=MIG-1|Board B MIG 1g.10gb',
    '1.compute=30 100 5',
  ]);
  t.after(() => script.remove());
  const nvml = new addon.Nvml({ libraryPath: fakeNvml.path });
  assert.equal(nvml.driverVersion, '550.54');
  assert.equal(nvml.deviceCount(), 2);
  assert.deepEqual(nvml.device(0), {
    uuid: 'GPU-a',
    name: 'Board A',
    pciBusId: '00000000:01:00.0',
    migEnabled: false,
    migInstances: [],
    powerLimitMilliwatts: 300000,
  });
  assert.equal(nvml.totalEnergyMillijoules(0), 123456789012);
  assert.equal(nvml.powerMilliwatts(0), 75500);
  assert.equal(nvml.utilisationPercent(0), 40);
  assert.deepEqual(nvml.processUtilisation(0, 0), [
    { pid: 10, timestampMicroseconds: 1700000000000000, smPercent: 30 },
  ]);
  assert.equal(nvml.processUtilisation(0, 1700000000000000), undefined);
  assert.deepEqual(nvml.runningProcesses(0), [
    { pid: 10, usedMemoryBytes: 4096, gpuInstanceId: undefined },
    { pid: 20, usedMemoryBytes: undefined, gpuInstanceId: undefined },
  ]);
  const split = nvml.device(1);
  assert.equal(split.migEnabled, true);
  assert.deepEqual(split.migInstances, [{ uuid: 'MIG-1', name: 'Board B MIG 1g.10gb' }]);
  assert.equal(split.powerLimitMilliwatts, undefined);
  assert.equal(nvml.totalEnergyMillijoules(1), undefined);
  assert.deepEqual(nvml.runningProcesses(1), [{ pid: 30, usedMemoryBytes: 100, gpuInstanceId: 5 }]);

  script.play(['0.uuid=GPU-a', '0.lost=GPU_IS_LOST']);
  assert.throws(() => nvml.powerMilliwatts(0), coded('NVML_ERROR_GPU_IS_LOST'));
  assert.throws(() => nvml.device(-1), TypeError);
  assert.throws(() => nvml.processUtilisation(0, -1), TypeError);
  nvml.close();
  nvml.close();
  assert.throws(() => nvml.deviceCount(), /closed/);
});

test('a library of the first years is used for what it has', { skip: fakeNvml.skip }, (t) => {
  const old = buildOldFakeNvml();
  const script = new NvmlScript([
    '0.uuid=GPU-old',
    '0.name=Old board',
    '0.power=50000',
    '0.limit=200000',
    '0.energy=1',
    '0.mig=1',
    '0.sample=10 1 30',
    '0.compute=10 4096',
    '0.compute=11 8192',
    '0.graphics=12 1',
  ]);
  t.after(() => script.remove());
  const nvml = new addon.Nvml({ libraryPath: old.path });
  assert.equal(nvml.deviceCount(), 1);
  assert.deepEqual(nvml.device(0), {
    uuid: 'GPU-old',
    name: 'Old board',
    pciBusId: '',
    migEnabled: false,
    migInstances: [],
    powerLimitMilliwatts: 200000,
  });
  assert.equal(nvml.powerMilliwatts(0), 50000);
  assert.equal(nvml.totalEnergyMillijoules(0), undefined);
  assert.equal(nvml.processUtilisation(0, 0), undefined);
  assert.deepEqual(
    nvml
      .runningProcesses(0)
      ?.map(({ pid, usedMemoryBytes, gpuInstanceId }) => [pid, usedMemoryBytes, gpuInstanceId]),
    [
      [10, 4096, undefined],
      [11, 8192, undefined],
      [12, 1, undefined],
    ],
  );
  nvml.close();
});
