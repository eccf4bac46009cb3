import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { webhookFolder } from '../../kubernetes/certificates/certificate-folder.ts';
import type { ClientNodeApi } from '../../kubernetes/client-node-api.ts';
import { carryOutSetup, type Outcome, removeObsolete } from '../../kubernetes/setup/carry-out.ts';
import { setupErrors } from '../../kubernetes/setup/errors.ts';
import { type GatingState, gatingState, waitForGating } from '../../kubernetes/setup/gating-probe.ts';
import { demandReplaceable } from '../../kubernetes/setup/kubeconfig-file.ts';
import { presentWebhookUrl } from '../../kubernetes/setup/other-gating.ts';
import { planSetup, type SetupPlan } from '../../kubernetes/setup/plan.ts';
import type { SetupRequest } from '../../kubernetes/setup/request.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { clusterSettings, connectCluster } from '../connect-cluster.ts';
import { isSettled, lineText, type PlanLine, rightLines, setupLines } from '../setup/describe.ts';
import { giveKubeconfig, lifetime } from '../setup/give-kubeconfig.ts';
import { removeSetup } from '../setup/remove-setup.ts';
import { listed, wantedFeatures, webhookRequest } from '../setup/setup-options.ts';

/** How long policies may take to reach all API servers. */
const GATING_MILLISECONDS = 30_000;

/** `kisimd setup`. @throws KISIM_E_SETUP_..., KISIM_E_KUBE_..., KISIM_E_WEBHOOK_CERTIFICATES */
export async function runSetup(context: CommandContext): Promise<number> {
  const { config } = loadConfig({ env: context.env, flags: context.options });
  const settings = clusterSettings(context, config);
  const api = await connectCluster(settings, context.env);
  try {
    if (context.options['remove'] === true) await removeSetup(context, api, settings.namespace);
    else await setUp(context, api, config, settings.namespace);
    return 0;
  } finally {
    api.close();
  }
}

async function setUp(
  context: CommandContext,
  api: ClientNodeApi,
  config: Config,
  namespace: string,
): Promise<void> {
  const { options, stdout } = context;
  const [dryRun, json] = [options['dryRun'] === true, options['json'] === true];
  const kubeconfig = options['writeKubeconfig'];
  const seconds = lifetime(String(options['tokenLifetime']));
  if (typeof kubeconfig === 'string') demandReplaceable(kubeconfig);
  const request = await requestOf(context, api, config, namespace);
  const plan = await planSetup(api, request);
  const lines = setupLines(plan);
  const rights = rightLines(request.features);
  if (!json) tellPlan(stdout, plan, lines, rights);
  const outcomes: Outcome[] = [];
  let gating: GatingState | undefined;
  if (!dryRun) {
    const settled = isSettled(lines);
    if (!settled && options['yes'] !== true && !(await confirmed(context, 'Go on?')))
      throw setupErrors.KISIM_E_SETUP_DECLINED('the answer was not yes');
    const done = (outcome: Outcome): void => {
      outcomes.push(outcome);
      if (!json && outcome.outcome !== 'unchanged')
        stdout.write(`${outcome.outcome.padEnd(9)} ${outcome.what}\n`);
    };
    const progress = { done, signal: context.signal };
    await carryOutSetup(api, plan, progress);
    gating = await seeGating(context, api, plan);
    await removeObsolete(api, plan, progress);
  }
  const written =
    dryRun || typeof kubeconfig !== 'string'
      ? undefined
      : await giveKubeconfig(context, api, { namespace, path: kubeconfig, seconds });
  const notes = [...plan.notes, ...(dryRun ? [] : nextSteps(plan, gating, webhookFolder(config)))];
  if (json) {
    const { cluster, features, gatesBy } = plan;
    const server = { cluster, version: features.version.gitVersion, gatesBy };
    stdout.write(
      `${JSON.stringify({ ...server, plan: lines, rights, outcomes, gating, kubeconfig: written, notes })}\n`,
    );
    return;
  }
  if (gating?.state === 'gated') stdout.write(`gating    seen: new pods of opted-in namespaces are held\n`);
  if (written !== undefined) {
    const until = written.expires === undefined ? 'does not end' : `holds until ${written.expires}`;
    stdout.write(`written   ${written.path} (its token ${until})\n`);
  }
  for (const note of [...notes, ...(written?.notes ?? [])]) stdout.write(`note      ${note}\n`);
}

async function requestOf(
  { options }: CommandContext,
  api: ClientNodeApi,
  config: Config,
  namespace: string,
): Promise<SetupRequest> {
  const gatesBy = options['gatesBy'] as 'policy' | 'webhook' | undefined;
  // Whoever says where the webhook is wants it, and whoever has it keeps it until he says otherwise.
  const given = options['webhookUrl'];
  const url =
    gatesBy === 'policy' ? undefined : typeof given === 'string' ? given : await presentWebhookUrl(api);
  const when = { dryRun: options['dryRun'] === true, now: Date.now() };
  return {
    namespace,
    features: wantedFeatures(options, config),
    optIn: listed(options, 'optIn'),
    force: options['force'] === true,
    ...(url !== undefined ? { gatesBy: 'webhook' } : gatesBy === undefined ? {} : { gatesBy }),
    ...(url === undefined ? {} : { webhook: webhookRequest(url, webhookFolder(config), when) }),
  };
}

function tellPlan(
  stdout: CommandContext['stdout'],
  { cluster, features, gatesBy }: SetupPlan,
  lines: readonly PlanLine[],
  rights: readonly PlanLine[],
): void {
  const by = gatesBy === 'policy' ? 'the API server itself holds new pods' : 'a webhook holds new pods';
  stdout.write(`cluster   ${cluster}, Kubernetes ${features.version.gitVersion}; ${by}\n`);
  for (const line of lines) stdout.write(lineText(line));
  const areNew = lines.some(({ action, what }) => action !== 'keep' && /Role /.test(what));
  if (areNew) for (const line of rights) stdout.write(lineText(line));
}

/** @throws KISIM_E_SETUP_NOT_GATING */
async function seeGating(
  { signal }: CommandContext,
  api: ClientNodeApi,
  { optIn, gatesBy }: SetupPlan,
): Promise<GatingState | undefined> {
  const [first] = optIn;
  if (first === undefined) return undefined;
  // A webhook gates only while a daemon serves it, which may come later.
  if (gatesBy === 'webhook') return await gatingState(api, first.namespace);
  const seen = await waitForGating(api, first.namespace, 'gated', {
    sleep: systemSleep,
    signal,
    monotonicMilliseconds: () => performance.now(),
    forMilliseconds: GATING_MILLISECONDS,
  });
  if (signal.aborted) throw setupErrors.KISIM_E_SETUP_STOPPED('while new pods were tried out');
  if (seen.state === 'not-gated')
    throw setupErrors.KISIM_E_SETUP_NOT_GATING(`a pod tried out in ${first.namespace} for 30 s`);
  return seen;
}

function nextSteps(
  { optIn, gatesBy }: SetupPlan,
  gating: GatingState | undefined,
  folder: string,
): readonly string[] {
  const names = optIn.map(({ namespace }) => namespace).join(', ');
  const notes: string[] = [];
  if (optIn.length === 0)
    notes.push(
      'no namespace was opted in now: `kisimd setup --opt-in NAME`, or its label kisimd.io/placement=enabled',
    );
  if (gating?.state === 'unknown') notes.push(`whether pods are held could not be tried out: ${gating.why}`);
  if (gatesBy === 'webhook')
    notes.push(
      `the webhook's certificates are in ${folder}; pods are held while \`kisimd run\` serves them` +
        (gating?.state === 'gated' ? ', as it does now' : ', which is not the case now'),
    );
  else if (names !== '')
    notes.push(`new pods of ${names} wait until \`kisimd run\` places or frees them: let it run from now on`);
  return notes;
}
