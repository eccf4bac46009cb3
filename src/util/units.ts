/**
 * Names for the units that cross module boundaries. They are aliases of number: the unit also stands in
 * the name of every variable and property, so that a mistake is seen where it is made.
 */
export type Microjoules = number;
export type Joules = number;
export type Watts = number;
export type Nanoseconds = number;
export type Milliseconds = number;

export const MICROJOULES_PER_JOULE = 1e6;
export const JOULES_PER_WATT_HOUR = 3600;
export const NANOSECONDS_PER_SECOND = 1e9;

/** Mean power in watts of an energy in microjoules spent over a time in nanoseconds (uJ / ns = 1000 W). */
export function meanWatts(energyMicrojoules: Microjoules, durationNanoseconds: Nanoseconds): Watts {
  return (energyMicrojoules / durationNanoseconds) * 1000;
}

/** Energy in microjoules of a power in watts held over a time in nanoseconds. */
export function energyOf(watts: Watts, durationNanoseconds: Nanoseconds): Microjoules {
  return (watts * durationNanoseconds) / 1000;
}
