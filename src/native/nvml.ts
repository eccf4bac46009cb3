/**
 * NVIDIA's management library, found by dlopen at run time. Every method that reads a device returns undefined
 * where the device says NVML_ERROR_NOT_SUPPORTED (or NOT_FOUND for "no new sample"), and throws an Error whose
 * `code` is NVML's own name (`NVML_ERROR_NO_PERMISSION`) otherwise.
 */
export interface NativeNvml {
  readonly driverVersion: string;
  deviceCount(): number;
  device(index: number): NvmlDeviceInfo;
  /** Millijoules since the driver was loaded (Volta and newer). */
  totalEnergyMillijoules(index: number): number | undefined;
  /**
   * Milliwatts: on Ampere and newer (but for GA100) the mean over the last second, on older boards the momentary
   * power (the fields 185 and 186 of newer drivers, one for each, are not asked for).
   */
  powerMilliwatts(index: number): number | undefined;
  /** Device utilisation of the last sample period, 0..100. */
  utilisationPercent(index: number): number | undefined;
  /** Per-process samples newer than the given driver time stamp in MICROseconds. */
  processUtilisation(index: number, sinceMicroseconds: number): readonly NvmlProcessSample[] | undefined;
  /** Processes with a context on the device, compute and graphics, each once. */
  runningProcesses(index: number): readonly NvmlRunningProcess[] | undefined;
  close(): void;
}

export interface NvmlDeviceInfo {
  readonly uuid: string;
  readonly name: string;
  readonly pciBusId: string;
  readonly migEnabled: boolean;
  readonly migInstances: readonly { readonly uuid: string; readonly name: string }[];
  /** Highest power limit that may be set on the board; where it tells no range, the limit that is set. */
  readonly powerLimitMilliwatts: number | undefined;
}

export interface NvmlProcessSample {
  readonly pid: number;
  readonly timestampMicroseconds: number;
  readonly smPercent: number;
}

export interface NvmlRunningProcess {
  readonly pid: number;
  readonly usedMemoryBytes: number | undefined;
  readonly gpuInstanceId: number | undefined;
}
