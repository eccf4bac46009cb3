import { isAbsolute, join, normalize } from 'node:path';
import { serviceErrors } from './errors.ts';

/** What is to be done, in order. Paths are final: `--root` is in them already. */
export type InstallStep =
  | { readonly kind: 'program'; readonly from: string; readonly to: string }
  | { readonly kind: 'file'; readonly path: string; readonly contents: string; readonly mode: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly why: string };

export interface InstallPlan {
  readonly steps: readonly InstallStep[];
  /** What a person should know of what was not done, or is left to do. */
  readonly notes: readonly string[];
}

export interface InstallRequest {
  /** Folder with the program that runs now. */
  readonly checkout: string;
  /** `/`, or the folder of an image. */
  readonly root: string;
  /** The program goes to `<prefix>/lib/kisimd`. */
  readonly prefix: string;
  readonly enable: boolean;
}

/** What the plan depends on of the machine at hand. */
export interface InstallHost {
  readonly uid: number;
  /** systemd is process 1 (sd_booted(3): the folder /run/systemd/system exists). */
  readonly systemdRuns: boolean;
  /** The udev daemon takes orders (/run/udev/control exists). */
  readonly udevRuns: boolean;
  /** The unit lies in the root already. */
  readonly unitInstalled: boolean;
}

/** The files under systemd/ of the program, by their names there. */
export type ServiceFiles = Readonly<Record<ServiceFileName, string>>;
export type ServiceFileName =
  | 'rl-sched.service'
  | 'kisimd.sysusers'
  | 'kisimd.tmpfiles'
  | '60-kisimd-powercap.rules';

export const serviceFileNames: readonly ServiceFileName[] = [
  'rl-sched.service',
  'kisimd.sysusers',
  'kisimd.tmpfiles',
  '60-kisimd-powercap.rules',
];

export const defaultPrefix = '/usr/local';
/** As the shipped unit names it; replaced where another prefix was chosen. */
const shippedFolder = `${defaultPrefix}/lib/kisimd`;

// The administrator's folders: systemd reads them whatever the prefix, and before those of the distribution.
const places: Readonly<Record<ServiceFileName, string>> = {
  'rl-sched.service': '/etc/systemd/system/rl-sched.service',
  'kisimd.sysusers': '/etc/sysusers.d/kisimd.conf',
  'kisimd.tmpfiles': '/etc/tmpfiles.d/kisimd.conf',
  '60-kisimd-powercap.rules': '/etc/udev/rules.d/60-kisimd-powercap.rules',
};

const hiddenFromService = ['/home', '/root', '/run', '/tmp', '/var/tmp', '/dev', '/proc', '/sys'];

/** The prefix without a slash at its end. Throws KISIM_E_SERVICE_PREFIX where the unit could not run from it. */
export function checkedPrefix(prefix: string): string {
  const clean = normalize(prefix).replace(/\/+$/, '');
  const hidden = hiddenFromService.some((folder) => clean === folder || clean.startsWith(`${folder}/`));
  // systemd splits ExecStart at blanks and expands % and $, so such characters are refused rather than escaped.
  if (!isAbsolute(prefix) || hidden || !/^[\w./-]*$/.test(clean)) {
    throw serviceErrors.KISIM_E_SERVICE_PREFIX(JSON.stringify(prefix));
  }
  return clean;
}

/** Where the unit lies in a root. */
export function unitPath(root: string): string {
  return join(root, places['rl-sched.service']);
}

function paths(request: InstallRequest) {
  const prefix = checkedPrefix(request.prefix);
  const folder = `${prefix}/lib/kisimd`;
  const inRoot = (path: string): string => join(request.root, path);
  return {
    folder,
    program: inRoot(folder),
    launcher: inRoot(`${prefix}/bin/kisimd`),
    manPage: inRoot(`${prefix}/share/man/man1/kisimd.1`),
    place: (name: ServiceFileName): string => inRoot(places[name]),
  };
}

function demandRoot(request: InstallRequest, host: InstallHost): void {
  if (host.uid !== 0 && request.root === '/') {
    throw serviceErrors.KISIM_E_SERVICE_NOT_ROOT(`user id ${host.uid}`);
  }
}

/**
 * Plans the installation of the program and of its service. Pure: nothing is touched. Carrying the plan out twice
 * leaves what carrying it out once does. Throws KISIM_E_SERVICE_NOT_ROOT or KISIM_E_SERVICE_PREFIX.
 */
export function planInstall(
  request: InstallRequest,
  host: InstallHost,
  files: ServiceFiles,
  manPage: string | undefined,
): InstallPlan {
  demandRoot(request, host);
  const { folder, program, launcher, manPage: manPath, place } = paths(request);
  const live = request.root === '/';
  const inImage = live ? [] : [`--root=${request.root}`];
  const steps: InstallStep[] = [
    { kind: 'program', from: request.checkout, to: program },
    {
      kind: 'file',
      path: launcher,
      contents: `#!/bin/sh\nexec ${folder}/scripts/kisimd "$@"\n`,
      mode: 0o755,
    },
    ...(manPage === undefined
      ? []
      : [{ kind: 'file', path: manPath, contents: manPage, mode: 0o644 } as const]),
    ...serviceFileNames.map(
      (name) =>
        ({
          kind: 'file',
          path: place(name),
          contents: files[name].replaceAll(shippedFolder, folder),
          mode: 0o644,
        }) as const,
    ),
    {
      kind: 'command',
      argv: ['systemd-sysusers', ...inImage, 'kisimd.conf'],
      why: 'make the user and group kisimd',
    },
  ];
  const notes: string[] = [];
  if (live && host.systemdRuns) steps.push(...liveSteps(host, request.enable));
  if (!live && request.enable) {
    steps.push({
      kind: 'command',
      argv: ['systemctl', ...inImage, 'enable', 'rl-sched.service'],
      why: 'start it at every boot',
    });
  }
  if (live && !host.systemdRuns) {
    notes.push(
      'systemd does not run here, so nothing was loaded or started: the files are in place for the next boot under it' +
        (request.enable ? '; run `systemctl enable --now rl-sched` then' : ''),
    );
  }
  if (live && host.systemdRuns && !host.udevRuns) {
    notes.push('udev does not run here (a container?): its rule is in place but was not loaded');
  }
  if (live && host.systemdRuns && !request.enable) {
    notes.push(
      'to start it now: systemctl start rl-sched; at every boot too: systemctl enable --now rl-sched',
    );
  }
  return { steps, notes };
}

function liveSteps(host: InstallHost, enable: boolean): InstallStep[] {
  const command = (why: string, ...argv: string[]): InstallStep => ({ kind: 'command', argv, why });
  return [
    command('let the group read the energy counters', 'systemd-tmpfiles', '--create', 'kisimd.conf'),
    ...(host.udevRuns
      ? [
          command('load the rule', 'udevadm', 'control', '--reload'),
          command(
            'apply the rule to the zones that are there',
            'udevadm',
            'trigger',
            '--action=change',
            '--subsystem-match=powercap',
          ),
        ]
      : []),
    command('load the unit', 'systemctl', 'daemon-reload'),
    // A daemon that runs on would load parts of the new program into the old one.
    command('put a running service on the new program', 'systemctl', 'try-restart', 'rl-sched.service'),
    ...(enable
      ? [command('start it now and at every boot', 'systemctl', 'enable', '--now', 'rl-sched.service')]
      : []),
  ];
}

/** Plans the removal. The history, the configuration, drop-ins and the user stay. */
export function planUninstall(request: InstallRequest, host: InstallHost): InstallPlan {
  demandRoot(request, host);
  const { program, launcher, manPage, place } = paths(request);
  const live = request.root === '/';
  const reachable = live && host.systemdRuns;
  const steps: InstallStep[] = [];
  // systemctl would call a unit that is not there an error.
  if (host.unitInstalled && (reachable || !live)) {
    const how = live ? ['--now'] : [`--root=${request.root}`];
    steps.push({
      kind: 'command',
      argv: ['systemctl', 'disable', ...how, 'rl-sched.service'],
      why: 'stop it, and do not start it at boot',
    });
  }
  for (const name of serviceFileNames) steps.push({ kind: 'remove', path: place(name) });
  for (const path of [manPage, launcher, program]) steps.push({ kind: 'remove', path });
  if (reachable) {
    steps.push({ kind: 'command', argv: ['systemctl', 'daemon-reload'], why: 'forget the unit' });
  }
  return {
    steps,
    notes: [
      'kept: /var/lib/kisimd (the history), /var/cache/kisimd, /etc/kisimd, drop-ins of the unit, the user kisimd; the energy counters stay ' +
        'readable by its group until the next boot',
    ],
  };
}
