/** What is to be held. Left out is left alone. */
export interface Burden {
  /** CPU time per time: 1.5 is one and a half cores. Of the program as a whole. */
  readonly cpuCores?: number;
  /** Resident memory of the program as a whole. */
  readonly memoryBytes?: number;
  readonly diskReadBytesPerSecond?: number;
  readonly diskWriteBytesPerSecond?: number;
  /** Sent to the peer and confirmed by it. */
  readonly networkBytesPerSecond?: number;
}

export const resources = ['cpu', 'memory', 'disk-read', 'disk-write', 'network'] as const;
export type Resource = (typeof resources)[number];

/** Amounts in cores, bytes, and bytes per second. */
export function askedAmounts(burden: Burden): ReadonlyMap<Resource, number> {
  const amounts: readonly (readonly [Resource, number | undefined])[] = [
    ['cpu', burden.cpuCores],
    ['memory', burden.memoryBytes],
    ['disk-read', burden.diskReadBytesPerSecond],
    ['disk-write', burden.diskWriteBytesPerSecond],
    ['network', burden.networkBytesPerSecond],
  ];
  return new Map(amounts.filter((each): each is [Resource, number] => each[1] !== undefined));
}
