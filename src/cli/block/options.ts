import type { Burden } from '../../load/block/burden.ts';
import { parseByteRate, parseBytes } from '../../util/byte-amounts.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';

type Options = CommandContext['options'];

const MIB = 1024 * 1024;

function text(options: Options, name: string): string | undefined {
  return options[name] === undefined ? undefined : String(options[name]);
}

/**
 * What is to be held, from the options.
 *
 * @param cores that a share of 100 % means
 * @throws KISIM_E_USAGE, KISIM_E_BYTES, KISIM_E_BYTE_RATE
 */
export function burdenOf(options: Options, cores: () => number): Burden {
  const cpu = text(options, 'cpu');
  const memory = text(options, 'memory');
  const rates = {
    diskReadBytesPerSecond: text(options, 'diskRead'),
    diskWriteBytesPerSecond: text(options, 'diskWrite'),
    networkBytesPerSecond: text(options, 'network'),
  };
  return {
    ...(cpu === undefined ? {} : { cpuCores: coresOf(cpu, cores) }),
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(memory) }),
    ...Object.fromEntries(
      Object.entries(rates).flatMap(([name, rate]) =>
        rate === undefined ? [] : [[name, parseByteRate(rate)]],
      ),
    ),
  };
}

function coresOf(given: string, cores: () => number): number {
  const match = /^(\d{1,6}(?:\.\d{1,6})?)(%)?$/.exec(given.trim());
  const amount = Number(match?.[1]);
  if (match === null || !(amount > 0)) {
    throw cliErrors.KISIM_E_USAGE(`--cpu ${given}`, { action: 'give cores above 0 (1.5), or a share (40%)' });
  }
  return match[2] === undefined ? amount : (amount / 100) * cores();
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `10.0.0.2:5210`, `[::1]:5210`, `host:5210`. @throws KISIM_E_USAGE */
export function hostPortOf(name: string, given: string, leastPort: number): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(given);
  const port = Number(match?.[3]);
  if (match === null || port > 65535 || port < leastPort) {
    throw cliErrors.KISIM_E_USAGE(`--${name} ${given}`, {
      action: 'give ADDRESS:PORT, such as 127.0.0.1:5210',
    });
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** Of --network, which needs it. @throws KISIM_E_USAGE */
export function peerOf(options: Options, burden: Burden): HostPort | undefined {
  const given = text(options, 'peer');
  if (burden.networkBytesPerSecond !== undefined && given === undefined) {
    throw cliErrors.KISIM_E_USAGE('--network without --peer', {
      action: 'say where a `kisimd block peer` listens: --peer HOST:PORT',
    });
  }
  return given === undefined ? undefined : hostPortOf('peer', given, 1);
}

/** Whole mebibytes, so that files end with a whole transfer. @throws KISIM_E_BYTES, KISIM_E_USAGE */
export function fileBytesOf(options: Options): number {
  const bytes = parseBytes(String(options['fileSize']));
  if (bytes >= MIB && bytes <= 1024 * 1024 * MIB) return Math.floor(bytes / MIB) * MIB;
  throw cliErrors.KISIM_E_USAGE(`--file-size ${String(options['fileSize'])}`, {
    action: 'give a size from 1MiB to 1TiB',
  });
}
