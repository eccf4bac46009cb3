import { defineErrors } from '../util/errors.ts';

export const meterErrors = defineErrors({
  KISIM_E_METER_POWERCAP_ABSENT: {
    summary: 'no powercap energy zones on this host',
    expected: 'zones like intel-rapl:0 in <sys>/class/powercap',
    action:
      'on bare metal load the driver: `sudo modprobe intel_rapl_msr`; a virtual machine has none: use the source `estimated`',
  },
  KISIM_E_METER_POWERCAP_FORBIDDEN: {
    summary: 'the energy counters of powercap may not be read',
    expected: 'read permission on energy_uj (0400 root since Linux 5.10, CVE-2020-8694)',
    action:
      'run as root, or `sudo kisimd install-service`, whose udev rule lets the group kisimd read the counters',
  },
  KISIM_E_METER_POWERCAP_UNREADABLE: {
    summary: 'no powercap energy counter can be read',
    expected: 'at least one energy_uj that holds a number',
    action: 'look at the kernel log (`dmesg | grep -i rapl`) and reload the driver intel_rapl_msr',
  },
  KISIM_E_METER_HWMON_ABSENT: {
    summary: 'no energy or power sensor in hwmon',
    expected: 'energyN_input, powerN_average or powerN_input in <sys>/class/hwmon/hwmon*',
    action:
      "load the driver of the board's sensor, e.g. `sudo modprobe acpi_power_meter`; not every board has one",
  },
  KISIM_E_METER_HWMON_UNREADABLE: {
    summary: 'no energy or power sensor of hwmon can be read',
    expected: 'read permission on the sensor files',
    action: 'run as root, or give the group of the service read permission on the files named',
  },
  KISIM_E_METER_CPUINFO_UNREADABLE: {
    summary: 'the processor of this host cannot be told',
    expected: 'a readable <proc>/cpuinfo with at least one processor',
    action: 'check that /proc is mounted and that roots.proc in the configuration names it',
  },
  KISIM_E_METER_PROC_STAT: {
    summary: 'the CPU time of this host cannot be read',
    expected: 'a readable <proc>/stat with a line of at least seven numbers for each processor',
    action: 'check that /proc is mounted and that roots.proc in the configuration names it',
  },
  KISIM_E_METER_WATTS_TABLE: {
    summary: 'the table of processor watts cannot be used',
    expected: 'models/cpu-watts.json as it came with the program',
    action: 'restore the file from the release',
  },
  KISIM_E_METER_RECORDING_UNSET: {
    summary: 'the source `recorded` has nothing to play',
    expected: 'meter.recording set to the folder of a capture',
    action: 'set meter.recording, or take `recorded` off meter.sources',
  },
  KISIM_E_METER_RECORDING_UNREADABLE: {
    summary: 'the capture cannot be read',
    expected: 'a folder with a readable energy.jsonl',
    action: 'check the path in meter.recording',
  },
  KISIM_E_METER_RECORDING_INVALID: {
    summary: 'the capture is not valid',
    expected: 'energy.jsonl as src/meter/capture-format.ts describes it',
    action: 'make the capture again, or remove the damaged lines',
  },
  KISIM_E_METER_RECORDING_ENDED: {
    summary: 'the capture has come to its end',
    expected: 'a capture longer than the run, or the option to play it again from the start',
    action: 'stop the run, or give a longer capture',
  },
  KISIM_E_METER_RECORDING_WRITE: {
    summary: 'the capture cannot be written',
    expected: 'a folder in which energy.jsonl does not exist yet and can be made',
    action: 'name an empty, writable folder',
  },
  KISIM_E_METER_PERF_ABSENT: {
    summary: 'the kernel offers no energy events to perf',
    expected: 'events like energy-pkg in <sys>/bus/event_source/devices/power/events',
    action:
      'on bare metal load the driver: `sudo modprobe rapl`; a virtual machine has none: use the source `estimated`',
  },
  KISIM_E_METER_PERF_FORBIDDEN: {
    summary: 'the energy events of perf may not be opened',
    expected: 'the capability CAP_PERFMON, or kernel.perf_event_paranoid below 1',
    action: 'in a systemd unit set `AmbientCapabilities=CAP_PERFMON`',
  },
  KISIM_E_METER_PERF_UNREADABLE: {
    summary: 'no energy event of perf can be opened',
    expected: 'at least one event of the PMU `power` that the processor has',
    action: 'use the source `rapl-powercap`; the event list of some kernels names events that do not exist',
  },
  KISIM_E_METER_NVML_ABSENT: {
    summary: "NVIDIA's management library or driver is not there",
    expected: 'libnvidia-ml.so.1, which comes with the driver, and the driver loaded',
    action:
      'install and load the driver, or name the library in meter.nvml-library; without an NVIDIA board take `nvml` off meter.sources',
  },
  KISIM_E_METER_NVML_FAILED: {
    summary: "NVIDIA's management library refuses",
    expected:
      'a library of the same version as the loaded driver, and access to /dev/nvidiactl and /dev/nvidia*',
    action:
      'see whether `nvidia-smi` works for the same user; after an update of the driver restart the host',
  },
  KISIM_E_METER_NVML_NO_ENERGY: {
    summary: 'no NVIDIA board tells energy or power',
    expected: 'at least one board with a total-energy counter or a power reading',
    action: 'take `nvml` off meter.sources; boards built into a system on a chip (Jetson) tell neither',
  },
  KISIM_E_METER_NO_SOURCE: {
    summary: 'no source of energy can be used',
    expected: 'at least one of the sources in meter.sources to open',
    action: 'see the reason of each; add `estimated` to meter.sources to go on without a sensor',
  },
});
