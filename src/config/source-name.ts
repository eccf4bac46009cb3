/** Every way to read energy that the program knows; see `PowerSource` in the meter. */
export const sourceNames = ['rapl-perf', 'rapl-powercap', 'hwmon', 'nvml', 'estimated', 'recorded'] as const;

export type SourceName = (typeof sourceNames)[number];
