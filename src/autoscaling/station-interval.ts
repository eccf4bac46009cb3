/** What happened at a station since the interval began. */
export interface StationInterval {
  /** Requests answered. */
  readonly completed: number;
  /** Requests that waited too long or found the queue full. */
  readonly failed: number;
  /** Requests taken up by a replica, and the seconds that they had waited together. */
  readonly started: number;
  readonly waitedSeconds: number;
  /** Replica-seconds: working, ready, and there at all (starting and leaving ones too). */
  readonly busySeconds: number;
  readonly readySeconds: number;
  readonly presentSeconds: number;
  readonly energyJoules: number;
}

export function newInterval(): StationInterval {
  return {
    completed: 0,
    failed: 0,
    started: 0,
    waitedSeconds: 0,
    busySeconds: 0,
    readySeconds: 0,
    presentSeconds: 0,
    energyJoules: 0,
  };
}

export function zeroInterval(interval: { -readonly [key in keyof StationInterval]: number }): void {
  interval.completed = 0;
  interval.failed = 0;
  interval.started = 0;
  interval.waitedSeconds = 0;
  interval.busySeconds = 0;
  interval.readySeconds = 0;
  interval.presentSeconds = 0;
  interval.energyJoules = 0;
}
