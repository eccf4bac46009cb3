import type { Finding } from './finding.ts';

/** What the doctor's head says of the machine. Empty text and undefined = not known. */
export interface HostCard {
  readonly hostname: string;
  readonly distribution: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuModel: string;
  readonly sockets: number | undefined;
  readonly cores: number | undefined;
  readonly threads: number | undefined;
  readonly memoryBytes: number | undefined;
  /** `KVM`, `Xen`...; empty on bare metal. */
  readonly virtualisation: string;
  readonly systemModel: string;
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function positive(count: number): number | undefined {
  return count > 0 ? count : undefined;
}

/** Asks systeminformation, whose unknown values are empty text and zero. Loaded here, as it takes a while. */
export async function readHostCard(): Promise<HostCard> {
  const { cpu, mem, osInfo, system } = await import('systeminformation');
  const [os, processor, memory, machine] = await Promise.all([osInfo(), cpu(), mem(), system()]);
  return {
    hostname: os.hostname,
    distribution: joined(os.distro, os.release),
    kernel: os.kernel,
    architecture: os.arch,
    cpuModel: joined(processor.manufacturer, processor.brand),
    sockets: positive(processor.processors),
    cores: positive(processor.physicalCores),
    threads: positive(processor.cores),
    memoryBytes: positive(memory.total),
    virtualisation: machine.virtual ? machine.virtualHost || 'yes, of an unknown kind' : '',
    systemModel: joined(machine.manufacturer, machine.model),
  };
}

function counted(count: number | undefined, one: string, many: string): string {
  return count === undefined ? `unknown number of ${many}` : `${count} ${count === 1 ? one : many}`;
}

export function hostFindings(card: HostCard, nodeVersion: string): readonly Finding[] {
  const memory =
    card.memoryBytes === undefined
      ? 'memory unknown'
      : `${(card.memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
  const cpu = [
    card.cpuModel || 'unknown model',
    counted(card.sockets, 'socket', 'sockets'),
    counted(card.cores, 'core', 'cores'),
    counted(card.threads, 'thread', 'threads'),
    memory,
  ].join(', ');
  const findings: Finding[] = [
    {
      topic: 'host',
      subject: 'machine',
      mark: 'ok',
      says: [card.hostname, card.systemModel, card.distribution, `Linux ${card.kernel}`, card.architecture]
        .filter((part) => part !== '')
        .join(', '),
    },
    { topic: 'host', subject: 'cpu', mark: 'ok', says: cpu },
  ];
  findings.push(
    card.virtualisation === ''
      ? { topic: 'host', subject: 'virtualisation', mark: 'ok', says: 'none found: bare metal' }
      : {
          topic: 'host',
          subject: 'virtualisation',
          mark: 'warn',
          says: `a virtual machine (${card.virtualisation}): its host seldom passes energy counters on`,
          action: 'run kisimd on the host as well; here it meters what it can and estimates the rest',
        },
  );
  findings.push({ topic: 'host', subject: 'node', mark: 'ok', says: `Node ${nodeVersion}` });
  return findings;
}
