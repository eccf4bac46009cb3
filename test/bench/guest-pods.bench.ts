import { GuestPodsSink } from '../../src/attribution/guest-pods-sink.ts';
import type { EnergyInterval } from '../../src/attribution/interval.ts';
import type { Entity } from '../../src/inventory/entity.ts';
import { silentLogger } from '../../src/util/log.ts';
import { anEntity, aZone, share, zoneInterval } from '../support/intervals.ts';
import type { Bench } from './bench.ts';
import {
  type PlayedGuest,
  PlayedGuests,
  type PlayedPod,
  type PlayedReading,
} from './support/played-guests.ts';

/** Microjoules by pod, or `system of NODE`. */
type Sums = Map<string, number>;

interface Control {
  /** By share of what is asked for, or of the use that a reading shows. */
  readonly by: (reading: PlayedReading, uid: string) => number;
  readonly whole: (reading: PlayedReading) => number | undefined;
  readonly sums: Sums;
  /** What the guest had burnt at the last reading. */
  readonly split: Map<PlayedGuest, number>;
}

/** Guests whose pods' energy is known, read as kubelets are read; what the history would be told against the truth. */
export const guestPodsBench: Bench = {
  name: 'guest-pods',
  what: 'energy of pods inside guests against the guest and against the truth',
  async run({ quick, seed, progress }) {
    const seeds = quick ? [seed] : [seed, seed + 1, seed + 2];
    const runs = seeds.map((each) => {
      progress(`seed ${each}`);
      return played(each, quick ? 600 : 7200);
    });
    const worst = (pick: (run: PlayedRun) => number) => Math.max(...runs.map(pick));
    const mean = (pick: (run: PlayedRun) => number) =>
      runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;
    return {
      figures: [
        {
          what: 'greatest difference of a guest and the sum of its pods and its system, any guest',
          value: worst(({ sumError }) => sumError) * 100,
          unit: '%',
          goal: 0.5,
          direction: 'at-most',
          control: {
            what: 'pods alone, without what the guest needs for itself, %',
            value: worst(({ podsAloneError }) => podsAloneError) * 100,
          },
        },
        {
          what: 'energy given to the wrong pod, of all that pods over 90 s burnt',
          value: worst(({ misplaced }) => misplaced) * 100,
          unit: '%',
          goal: 3,
          direction: 'at-most',
          control: { what: 'by rates at each reading, %', value: worst(({ byRate }) => byRate) * 100 },
        },
        {
          what: 'median error of such a pod',
          value: worst(({ median }) => median) * 100,
          unit: '%',
          goal: 2,
          direction: 'at-most',
          control: {
            what: 'split by requests, %',
            value: worst(({ medianByRequest }) => medianByRequest) * 100,
          },
        },
      ],
      seeds,
      details: {
        'seconds of work a seed': quick ? 600 : 7200,
        guests: runs[0]!.guests,
        pods: runs.reduce((sum, run) => sum + run.pods, 0),
        readings: runs.reduce((sum, run) => sum + run.readings, 0),
        'given to the wrong pod, split by requests, %': worst(({ byRequest }) => byRequest) * 100,
        'greatest error of a pod over 90 s, %': worst(({ greatest }) => greatest) * 100,
        'pods of 10 to 90 s: energy not found to be theirs, mean, %':
          mean(({ shortMissed }) => shortMissed) * 100,
        'system of guests: given too much, of the guests, mean, %':
          mean(({ systemError }) => systemError) * 100,
      },
    };
  },
};

interface PlayedRun {
  readonly guests: number;
  readonly pods: number;
  readonly readings: number;
  readonly sumError: number;
  readonly podsAloneError: number;
  readonly misplaced: number;
  readonly byRate: number;
  readonly byRequest: number;
  readonly median: number;
  readonly medianByRequest: number;
  readonly greatest: number;
  readonly shortMissed: number;
  readonly systemError: number;
}

const zone = aZone();

function played(seed: number, seconds: number): PlayedRun {
  const world = new PlayedGuests({ seed, guests: 4, seconds });
  const told: Sums = new Map();
  const sink = new GuestPodsSink({
    next: [{ accept: (interval) => addTo(told, interval) }],
    nodeOf: ({ name }: Entity) => name,
    log: silentLogger,
  });
  const requests = new Map(world.guests.flatMap(({ pods }) => pods.map((pod) => [pod.uid, pod.requestCpus])));
  const byRate: Control = {
    by: ({ cpus }, uid) => cpus.get(uid) ?? 0,
    whole: ({ nodeCpus }) => nodeCpus,
    sums: new Map(),
    split: new Map(),
  };
  const byRequest: Control = {
    by: (_, uid) => requests.get(uid)!,
    whole: () => undefined,
    sums: new Map(),
    split: new Map(),
  };
  let readings = 0;
  let second = 0;
  let before = snapshot(world);
  while (world.now < world.end) {
    for (const reading of world.advance()) {
      readings += 1;
      sink.take(reading.use);
      splitNow(byRate, reading);
      splitNow(byRequest, reading);
    }
    if (world.now - second < 1 - 1e-9) continue;
    second += 1;
    const now = snapshot(world);
    sink.accept(intervalOf(world, second, before, now));
    before = now;
  }
  return judge(world, told, byRate.sums, byRequest.sums, readings);
}

function addTo(told: Sums, { shares }: EnergyInterval): void {
  for (const { entity, energyMicrojoules } of shares)
    if (entity.kind === 'pod') told.set(entity.name, (told.get(entity.name) ?? 0) + energyMicrojoules);
}

/** Splits what a guest burnt since its last reading by what this one shows alone. */
function splitNow({ by, whole, sums, split }: Control, reading: PlayedReading): void {
  const { guest, use } = reading;
  const burnt = guest.microjoules - (split.get(guest) ?? 0);
  split.set(guest, guest.microjoules);
  const weights = use.pods.map(({ uid }) => by(reading, uid));
  const used = weights.reduce((sum, each) => sum + each, 0);
  const all = Math.max(whole(reading) ?? 0, used, 1e-12);
  for (const [at, { uid }] of use.pods.entries())
    sums.set(uid, (sums.get(uid) ?? 0) + (burnt * weights[at]!) / all);
  const system = `(system of ${guest.node})`;
  sums.set(system, (sums.get(system) ?? 0) + burnt * Math.max(0, 1 - used / all));
}

interface Snapshot {
  readonly host: number;
  readonly guests: readonly (readonly [microjoules: number, cpuSeconds: number])[];
}

function snapshot({ hostMicrojoules, guests }: PlayedGuests): Snapshot {
  return {
    host: hostMicrojoules,
    guests: guests.map(({ microjoules, hostCpuSeconds }) => [microjoules, hostCpuSeconds] as const),
  };
}

function intervalOf(
  { guests }: PlayedGuests,
  second: number,
  before: Snapshot,
  now: Snapshot,
): EnergyInterval {
  const shares = guests.map(({ node }, at) => {
    const [[energy, cpu], [energyBefore, cpuBefore]] = [now.guests[at]!, before.guests[at]!];
    const vm = anEntity('vm', node, { vmId: node });
    return share(vm, [(energy - energyBefore) / 1e6], { cpuSeconds: cpu - cpuBefore });
  });
  const active = (now.host - before.host) / 1e6;
  return {
    sequence: second,
    startUnixMilliseconds: 1_800_000_000_000 + (second - 1) * 1000,
    endUnixMilliseconds: 1_800_000_000_000 + second * 1000,
    endMonotonicNanoseconds: second * 1e9,
    durationNanoseconds: 1e9,
    zones: [zoneInterval(zone, { active })],
    energyMicrojoules: active * 1e6,
    idleMicrojoules: 0,
    activeMicrojoules: active * 1e6,
    unattributedMicrojoules: 0,
    busyNanoseconds: 0,
    cpuCount: 16,
    shares,
    processCount: 0,
    remarks: [],
  };
}

function judge(world: PlayedGuests, told: Sums, byRate: Sums, byRequest: Sums, readings: number): PlayedRun {
  const pods = world.guests.flatMap((guest) => guest.pods);
  const long = pods.filter(({ begin, end, microjoules }) => end - begin > 90 && microjoules > 0);
  const short = pods.filter(({ begin, end, microjoules }) => end - begin <= 90 && microjoules > 0);
  const errorsOf = (sums: Sums) =>
    long
      .map(({ uid, microjoules }) => Math.abs((sums.get(uid) ?? 0) / microjoules - 1))
      .sort((a, b) => a - b);
  const errors = errorsOf(told);
  const burnt = (some: readonly PlayedPod[]) => some.reduce((sum, pod) => sum + pod.microjoules, 0);
  const guestsBurnt = world.guests.reduce((sum, guest) => sum + guest.microjoules, 0);
  const misplaced = (sums: Sums) =>
    // What one is given too much another lacks: half the sum of all differences.
    long.reduce((sum, { uid, microjoules }) => sum + Math.abs((sums.get(uid) ?? 0) - microjoules), 0) /
    2 /
    burnt(long);
  const system = (guest: PlayedGuest) => told.get(`(system of ${guest.node})`) ?? 0;
  return {
    guests: world.guests.length,
    pods: pods.length,
    readings,
    sumError: sumError(world, told),
    podsAloneError: sumError(world, told, false),
    misplaced: misplaced(told),
    byRate: misplaced(byRate),
    byRequest: misplaced(byRequest),
    median: errors[errors.length >> 1]!,
    medianByRequest: errorsOf(byRequest)[long.length >> 1]!,
    greatest: errors.at(-1)!,
    shortMissed: 1 - short.reduce((sum, { uid }) => sum + (told.get(uid) ?? 0), 0) / burnt(short),
    systemError:
      world.guests.reduce((sum, guest) => sum + system(guest) - guest.systemMicrojoules, 0) / guestsBurnt,
  };
}

function sumError({ guests }: PlayedGuests, sums: Sums, withSystem = true): number {
  const errors = guests.map((guest) => {
    const own = guest.pods.map(({ uid }) => uid);
    const keys = withSystem ? [...own, `(system of ${guest.node})`] : own;
    const sum = keys.reduce((total, key) => total + (sums.get(key) ?? 0), 0);
    return Math.abs(sum / guest.microjoules - 1);
  });
  return Math.max(...errors);
}
