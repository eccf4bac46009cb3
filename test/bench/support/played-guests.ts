import type { CpuCount, NodeUse, PodUse } from '../../../src/attribution/node-use.ts';
import { type RandomSource, seededRandom } from '../../../src/util/rng.ts';

/** Unix milliseconds at the beginning of the played monotonic clock. */
const UNIX_AT_ZERO = 1_800_000_000_000;
/** Inside guests CPU time is counted without what the emulator needs for them. */
const EMULATION = 1.05;

type Load = (second: number) => number;

export interface PlayedPod {
  readonly uid: string;
  readonly kind: 'steady' | 'bursty' | 'wave' | 'idle' | 'short';
  readonly requestCpus: number;
  readonly begin: number;
  readonly end: number;
  readonly cpus: Load;
  /** Seconds when its container ends and is started anew. */
  readonly restarts: readonly number[];
  /** What it really burnt. */
  microjoules: number;
  cpuSeconds: number;
}

/** What a kubelet has counted of one thing, when it last looked. */
interface Counter {
  next: number;
  at: number;
  /** What had been used when it began. */
  readonly base: number;
  cpuSeconds: number;
  isLookedAt: boolean;
  /** CPUs between its last two looks. */
  rate: number;
}

export interface PlayedGuest {
  readonly node: string;
  readonly pods: readonly PlayedPod[];
  /** Only containers are counted, as by kubelets that take their counts from the runtime. */
  readonly countsContainers: boolean;
  /** Energy and CPU time as the host sees them. */
  microjoules: number;
  hostCpuSeconds: number;
  systemMicrojoules: number;
  cpuSeconds: number;
  systemCpuSeconds: number;
  readonly counters: Map<string, Counter>;
  /** When it was booted: counters begin there. */
  bootedAt: number;
  readonly reboots: readonly number[];
  nextReading: number;
}

/** A reading with the rates that it shows beside the counters. */
export interface PlayedReading {
  readonly guest: PlayedGuest;
  readonly use: NodeUse;
  readonly cpus: ReadonlyMap<string, number>;
  readonly nodeCpus: number;
}

export interface PlayedGuestsOptions {
  readonly seed: number;
  readonly guests: number;
  /** Seconds of work; there is a quiet minute before it and three after it. */
  readonly seconds: number;
}

export const QUIET_BEFORE = 60;
export const QUIET_AFTER = 180;
const IDLE_WATTS = 60;
const ACTIVE_WATTS = 180;
const CPUS = 16;

/**
 * A host with guests full of pods whose energy is known: at every tenth of a second the host's active power, a bent curve of
 * its CPU use, is everybody's by the CPU that they use just then. Kubelets look at each counter when they like (10 to 15 s),
 * are asked when the reader likes, sometimes do not answer, and tell times to the second.
 */
export class PlayedGuests {
  readonly step = 0.1;
  readonly end: number;
  readonly guests: readonly PlayedGuest[];
  hostMicrojoules = 0;
  now = 0;
  readonly #random: RandomSource;
  readonly #other: Load;

  constructor({ seed, guests, seconds }: PlayedGuestsOptions) {
    this.#random = seededRandom(seed);
    this.end = QUIET_BEFORE + seconds + QUIET_AFTER;
    this.#other = bursty(this.#random, this.end, 6);
    this.guests = Array.from({ length: guests }, (_, index) => this.#guest(index, seconds));
  }

  /** One tenth of a second. */
  advance(): readonly PlayedReading[] {
    const { now, step } = this;
    const isQuiet = now < QUIET_BEFORE || now >= this.end - QUIET_AFTER;
    const uses = this.guests.map((guest) => this.#uses(guest, isQuiet));
    const inside = uses.map((each) => each.pods.reduce((sum, cpus) => sum + cpus, each.system));
    const busy = inside.reduce((sum, cpus) => sum + cpus * EMULATION, isQuiet ? 0 : this.#other(now));
    const activeWatts = ACTIVE_WATTS * (Math.min(CPUS, busy) / CPUS) ** 0.7;
    const perCpu = busy === 0 ? 0 : (activeWatts * step * 1e6) / busy;
    this.hostMicrojoules += (IDLE_WATTS + activeWatts) * step * 1e6;
    for (const [index, guest] of this.guests.entries()) {
      const { pods, system } = uses[index]!;
      const price = perCpu * EMULATION;
      guest.microjoules += price * inside[index]!;
      guest.hostCpuSeconds += EMULATION * inside[index]! * step;
      guest.cpuSeconds += inside[index]! * step;
      guest.systemMicrojoules += price * system;
      guest.systemCpuSeconds += system * step;
      for (const [at, pod] of guest.pods.entries()) {
        pod.microjoules += price * pods[at]!;
        pod.cpuSeconds += pods[at]! * step;
      }
    }
    this.now = Math.round((now + step) * 10) / 10;
    return this.guests.flatMap((guest) => this.#look(guest) ?? []);
  }

  #uses(guest: PlayedGuest, isQuiet: boolean): { readonly pods: readonly number[]; readonly system: number } {
    const { now } = this;
    // While it boots nothing runs.
    if (isQuiet || now - guest.bootedAt < 20) return { pods: guest.pods.map(() => 0), system: 0 };
    const pods = guest.pods.map((pod) => (now >= pod.begin && now < pod.end ? pod.cpus(now) : 0));
    return { pods, system: 0.06 + 0.04 * pods.reduce((sum, cpus) => sum + cpus, 0) };
  }

  #look(guest: PlayedGuest): PlayedReading | undefined {
    const { now } = this;
    if (guest.reboots.some((at) => at > now - this.step && at <= now)) {
      guest.bootedAt = now;
      guest.counters.clear();
    }
    this.#count(guest, 'node', guest.cpuSeconds);
    for (const pod of guest.pods) {
      const { uid, begin, end, restarts } = pod;
      const isNew = guest.countsContainers && restarts.some((at) => at > now - this.step && at <= now);
      if (isNew || now < begin || now >= end) guest.counters.delete(uid);
      if (now >= begin && now < end) this.#count(guest, uid, pod.cpuSeconds);
    }
    if (now < guest.nextReading) return undefined;
    guest.nextReading = now + 10 + 5 * this.#random.next();
    // Kubelets do not answer now and then, and not at all for a while in the middle.
    const outage = Math.abs(now - this.end / 2) < 45;
    const isUp = now - guest.bootedAt >= 5;
    if (!isUp || outage || this.#random.next() < 0.02) return undefined;
    return this.#reading(guest);
  }

  /** The kubelet looks at a counter soon after it began, and then every 10 to 15 s. */
  #count(guest: PlayedGuest, key: string, cpuSeconds: number): void {
    const { now } = this;
    const known = guest.counters.get(key);
    if (known === undefined) {
      const next = now + 2 * this.#random.next();
      guest.counters.set(key, { next, at: now, base: cpuSeconds, cpuSeconds, isLookedAt: false, rate: 0 });
      return;
    }
    if (now < known.next) return;
    known.rate = now > known.at ? (cpuSeconds - known.cpuSeconds) / (now - known.at) : 0;
    known.at = now;
    known.cpuSeconds = cpuSeconds;
    known.isLookedAt = true;
    known.next = now + 10 + 5 * this.#random.next();
  }

  #reading(guest: PlayedGuest): PlayedReading {
    const received = this.now + 0.02 + 0.3 * this.#random.next();
    const cpus = new Map<string, number>();
    const pods: PodUse[] = [];
    for (const pod of guest.pods) {
      const counter = guest.counters.get(pod.uid);
      if (counter?.isLookedAt !== true) continue;
      const cpu = countOf(counter);
      cpus.set(pod.uid, counter.rate);
      const restart = pod.restarts.filter((at) => at <= counter.at).at(-1) ?? pod.begin;
      const startUnixMilliseconds = second(UNIX_AT_ZERO + Math.max(restart, guest.bootedAt) * 1000);
      pods.push({
        uid: pod.uid,
        namespace: pod.kind,
        name: pod.uid,
        startUnixMilliseconds: second(UNIX_AT_ZERO + Math.max(pod.begin, guest.bootedAt) * 1000),
        cpu: guest.countsContainers ? undefined : cpu,
        containers: guest.countsContainers ? [{ name: 'main', startUnixMilliseconds, cpu }] : [],
      });
    }
    const node = guest.counters.get('node')!;
    const use: NodeUse = {
      node: guest.node,
      source: 'kubelet',
      receivedUnixMilliseconds: UNIX_AT_ZERO + received * 1000,
      receivedMonotonicNanoseconds: received * 1e9,
      cpu: countOf(node),
      pods,
    };
    return { guest, use, cpus, nodeCpus: node.rate };
  }

  #guest(index: number, seconds: number): PlayedGuest {
    const random = this.#random;
    const [from, to] = [QUIET_BEFORE, QUIET_BEFORE + seconds];
    const pods: PlayedPod[] = [];
    const add = (
      kind: PlayedPod['kind'],
      cpus: Load,
      begin: number,
      end: number,
      requestCpus: number,
    ): void => {
      const restarts =
        kind === 'steady' && random.next() < 0.5 ? [begin + (end - begin) * random.next()] : [];
      const uid = `g${index}-${kind}-${pods.length}`;
      pods.push({ uid, kind, requestCpus, begin, end, cpus, restarts, microjoules: 0, cpuSeconds: 0 });
    };
    const request = () => [0.1, 0.25, 0.5, 1][Math.floor(random.next() * 4)]!;
    for (let n = 0; n < 4; n++) {
      const cpus = 0.1 + 0.5 * random.next();
      const late = n === 0 ? 0 : random.next() * seconds * 0.3;
      add('steady', () => cpus, late === 0 ? 0 : from + late, this.end, request());
    }
    for (let n = 0; n < 4; n++) add('bursty', bursty(random, this.end, 1.2), 0, this.end, request());
    for (let n = 0; n < 2; n++) {
      const [period, phase] = [60 + 120 * random.next(), random.next()];
      add(
        'wave',
        (now) => 0.4 * (1 + Math.sin(2 * Math.PI * (now / period + phase))),
        0,
        this.end,
        request(),
      );
    }
    for (let n = 0; n < 4; n++) add('idle', () => 0.002, 0, this.end, request());
    for (let at = from; at < to - 60; at += 20 + 60 * random.next()) {
      const cpus = 0.3 + 0.7 * random.next();
      add('short', () => cpus, at, at + 10 + 80 * random.next(), request());
    }
    return {
      node: `minikube-m0${index + 1}`,
      pods,
      countsContainers: index === 1,
      microjoules: 0,
      hostCpuSeconds: 0,
      systemMicrojoules: 0,
      cpuSeconds: 0,
      systemCpuSeconds: 0,
      counters: new Map(),
      bootedAt: -1000,
      reboots: index === 2 ? [from + seconds * 0.6] : [],
      nextReading: 5 + 10 * random.next(),
    };
  }
}

function countOf({ at, base, cpuSeconds }: Counter): CpuCount {
  return {
    cpuNanoseconds: Math.round((cpuSeconds - base) * 1e9),
    // As they are read from a summary, which leaves out the fraction.
    unixMilliseconds: second(UNIX_AT_ZERO + at * 1000) + 500,
  };
}

function second(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}

/** On and off by chance, each for 2 to 60 s, at another height each time. */
function bursty(random: RandomSource, end: number, mostCpus: number): Load {
  const changes: { readonly at: number; readonly cpus: number }[] = [];
  for (let at = 0; at < end; at += 2 + 58 * random.next() ** 2)
    changes.push({ at, cpus: changes.length % 2 === 0 ? 0 : mostCpus * (0.2 + 0.8 * random.next()) });
  let index = 0;
  return (now) => {
    if (now < changes[index]!.at) index = 0;
    while (index + 1 < changes.length && changes[index + 1]!.at <= now) index += 1;
    return changes[index]!.cpus;
  };
}
