import { cliErrors } from '../errors.ts';

export interface StartRequest {
  readonly profile: string;
  readonly nodes: number;
  /** minikube's own choice where undefined. */
  readonly driver: string | undefined;
  /** A number, `max` or `no-limit`; for each node. */
  readonly cpus: string;
  /** `4g`, `4096mb`, `max` or `no-limit`; for each node. */
  readonly memory: string;
  readonly addons: readonly string[];
  readonly kubernetesVersion: string | undefined;
}

type Options = Readonly<Record<string, unknown>>;

const WORD = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;

/** @throws KISIM_E_USAGE for what minikube would refuse, or take for another option, only after a while */
export function startRequest(options: Options): StartRequest {
  const nodes = String(options['nodes']);
  const driver = text(options, 'driver');
  if (!/^[1-9]\d{0,2}$/.test(nodes)) throw usage(`--nodes ${nodes}`, 'give a whole number from 1 to 999');
  if (driver === 'none' && nodes !== '1')
    throw usage(
      `--driver none --nodes ${nodes}`,
      'without machines of its own a cluster has one node: --nodes 1',
    );
  const request: StartRequest = {
    profile: profileOf(options),
    nodes: Number(nodes),
    driver,
    cpus: String(options['cpus']),
    memory: String(options['memory']),
    addons: Array.isArray(options['addons'])
      ? options['addons'].flatMap((each) => String(each).split(',')).filter((name) => name !== '')
      : [],
    kubernetesVersion: text(options, 'kubernetesVersion'),
  };
  const { cpus, memory, addons, kubernetesVersion } = request;
  if (!/^(?:[1-9]\d*|max|no-limit)$/.test(cpus)) throw usage(`--cpus ${cpus}`, 'give a whole number, or max');
  if (!/^(?:[1-9]\d*(?:[kmg]b?|b)?|max|no-limit)$/i.test(memory))
    throw usage(`--memory ${memory}`, 'give megabytes, or a number with a unit such as 4g');
  const odd = addons.find((name) => !WORD.test(name));
  if (odd !== undefined) throw usage(`--addons ${odd}`, 'name add-ons as `minikube addons list` does');
  if (kubernetesVersion !== undefined && !/^(?:v?\d+\.\d+(?:\.\d+)?|stable|latest)$/.test(kubernetesVersion))
    throw usage(
      `--kubernetes-version ${kubernetesVersion}`,
      'give a version such as v1.36.4, stable or latest',
    );
  return request;
}

/** @throws KISIM_E_USAGE */
export function profileOf(options: Options): string {
  const profile = String(options['profile']);
  if (WORD.test(profile)) return profile;
  throw usage(`--profile ${profile}`, 'use letters, digits and hyphens');
}

/** The words for `minikube`. */
export function startArguments({
  profile,
  nodes,
  driver,
  cpus,
  memory,
  addons,
  kubernetesVersion,
}: StartRequest): readonly string[] {
  return [
    'start',
    `--profile=${profile}`,
    `--nodes=${nodes}`,
    ...(driver === undefined ? [] : [`--driver=${driver}`]),
    `--cpus=${cpus}`,
    `--memory=${memory}`,
    ...(kubernetesVersion === undefined ? [] : [`--kubernetes-version=${kubernetesVersion}`]),
    ...addons.map((name) => `--addons=${name}`),
  ];
}

function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function usage(found: string, action: string): Error {
  return cliErrors.KISIM_E_USAGE(found, { action });
}
