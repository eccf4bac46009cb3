import type { Config } from '../../config/config.ts';
import { CertificateFolder } from '../../kubernetes/certificates/certificate-folder.ts';
import type { ActingFeature } from '../../kubernetes/permissions.ts';
import { optionalFeatures, type WebhookRequest, webhookHost } from '../../kubernetes/setup/request.ts';
import { cliErrors } from '../errors.ts';

type Options = Readonly<Record<string, unknown>>;

/** `--features`, else what the configuration switches on. @throws KISIM_E_USAGE */
export function wantedFeatures(options: Options, config: Config): readonly ActingFeature[] {
  const given = options['features'];
  if (typeof given !== 'string') return configuredFeatures(config);
  const names = words(given).filter((name) => name !== 'none');
  const unknown = names.find((name) => !optionalFeatures.some((feature) => feature === name));
  if (unknown !== undefined)
    throw cliErrors.KISIM_E_USAGE(`--features ${unknown}`, {
      action: `name some of ${optionalFeatures.join(', ')}`,
    });
  return optionalFeatures.filter((feature) => names.includes(feature));
}

function configuredFeatures({ placement, sleep, replacement, kubernetes }: Config): readonly ActingFeature[] {
  const isOn: Readonly<Partial<Record<ActingFeature, boolean>>> = {
    jobs: placement.jobs,
    deployments: placement.deployments,
    'node-advice': placement.nodeAdvice,
    eviction: sleep.enabled || replacement.enabled,
    // A right to all that kubelets serve is given only where it is asked for by name.
    'kubelet-use': kubernetes.podUse === 'kubelet',
    'metrics-use': kubernetes.podUse === 'metrics' || kubernetes.podUse === 'auto',
  };
  return optionalFeatures.filter((feature) => isOn[feature] === true);
}

/** Values of an option that may be given several times, each with commas. */
export function listed(options: Options, name: string): readonly string[] {
  const given = options[name];
  return Array.isArray(given) ? [...new Set(given.flatMap((text) => words(String(text))))] : [];
}

function words(text: string): readonly string[] {
  return text.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
}

/**
 * The webhook that `--webhook-url` asks for. Its certificates are made now, since the plan shows whether the cluster knows
 * their authority; a dry run makes none.
 *
 * @throws KISIM_E_SETUP_WEBHOOK_URL, KISIM_E_WEBHOOK_CERTIFICATES
 */
export function webhookRequest(
  url: string,
  folder: string,
  { dryRun, now }: { readonly dryRun: boolean; readonly now: number },
): WebhookRequest {
  const host = webhookHost(url);
  const certificates = new CertificateFolder(folder);
  if (!dryRun) return { url, authority: certificates.prepare(host, now).authority };
  return { url, authority: certificates.read()?.authority ?? 'made when this is carried out' };
}
