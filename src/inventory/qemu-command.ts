import { basename, extname } from 'node:path';

/** What the command line of a QEMU process tells of its guest. */
export interface QemuGuest {
  /** The guest's name; '' where the command line tells none. */
  readonly name: string;
  /** Lower case; '' where none is given. */
  readonly uuid: string;
}

/** Nix wraps programs as `.NAME-wrapped`. Proxmox and older Debian call the emulator `kvm`. */
const EMULATOR_NAME = /^(?:\.?qemu-system-[a-z0-9_]+(?:-wrapped)?|qemu-kvm|kvm)$/;
/** The name `kvm` alone is too common: one option of an emulator must be there. */
const KVM_OPTION = /^--?(?:name|id|m|smp|machine|M|uuid|cpu)$/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** docker-machine's layout, which Minikube and others keep: `.../machines/NAME/disk.qcow2`. */
const MACHINE_FOLDER = /\/machines\/([^/,]+)\//;
const IMAGE = /\.(?:qcow2?|img|raw|vmdk|vdi)$/;

/**
 * Reads a guest from the arguments of a process, separated by NUL as in /proc/PID/cmdline. Gives undefined where the
 * program is no system emulator (`qemu-img`, `grep qemu-system`).
 *
 * The name comes from `-name` (QEMU writes a comma within a value as two, util/qemu-option.c); without it from the
 * machine's folder, the host name given to the guest, or its disk image.
 *
 * @example
 * parseQemuCommand('qemu-system-x86_64\0-name\0guest=foo=1,,bar=2,debug-threads=on\0')?.name; // 'foo=1,bar=2'
 */
export function parseQemuCommand(cmdline: string): QemuGuest | undefined {
  const end = cmdline.indexOf('\0');
  const program = basename(end < 0 ? cmdline : cmdline.slice(0, end));
  // Asked of every new process: the arguments of others are never taken apart.
  if (!EMULATOR_NAME.test(program)) return undefined;
  const options = cmdline
    .split('\0')
    .slice(1)
    .filter((arg) => arg !== '');
  if (program === 'kvm' && !options.some((option) => KVM_OPTION.test(option))) return undefined;
  let name = '';
  let uuid = '';
  let systemUuid = '';
  for (let index = 0; index + 1 < options.length; index++) {
    const option = options[index]!.replace(/^--/, '-');
    if (option !== '-name' && option !== '-uuid' && option !== '-smbios') continue;
    const value = options[++index]!;
    // The last one given wins, as in QEMU.
    if (option === '-name') name = parseQemuOptions(value, 'guest').get('guest') ?? name;
    else if (option === '-uuid') uuid = UUID.test(value) ? value.toLowerCase() : uuid;
    else {
      const candidate = parseQemuOptions(value, 'file').get('uuid') ?? '';
      if (UUID.test(candidate)) systemUuid = candidate.toLowerCase();
    }
  }
  return { name: name === '' ? guessName(options) : name, uuid: uuid === '' ? systemUuid : uuid };
}

/**
 * Splits QEMU's `a=1,b=2` option syntax. A comma written twice is one comma of the value; a first element without
 * `=` belongs to the implied key; later ones are switches with the value `on`.
 */
export function parseQemuOptions(text: string, impliedKey: string): Map<string, string> {
  const result = new Map<string, string>();
  let element = '';
  let count = 0;
  const finish = () => {
    const equals = element.indexOf('=');
    if (equals >= 0) result.set(element.slice(0, equals), element.slice(equals + 1));
    else if (count === 0) result.set(impliedKey, element);
    else if (element !== '') result.set(element, 'on');
    element = '';
    count++;
  };
  for (let index = 0; index < text.length; index++) {
    if (text[index] !== ',') element += text[index];
    else if (text[index + 1] === ',') {
      element += ',';
      index++;
    } else finish();
  }
  finish();
  return result;
}

function guessName(options: readonly string[]): string {
  for (const option of options) {
    const machine = MACHINE_FOLDER.exec(option)?.[1];
    if (machine !== undefined) return machine;
  }
  for (const option of options) {
    if (!option.includes('hostname=')) continue;
    const host = parseQemuOptions(option, '').get('hostname') ?? '';
    if (host !== '') return host;
  }
  for (const option of options) {
    const elements = parseQemuOptions(option, 'file');
    const file = elements.get('file') ?? elements.get('file.filename') ?? '';
    if (!option.startsWith('-') && IMAGE.test(file)) return basename(file, extname(file));
  }
  return '';
}
