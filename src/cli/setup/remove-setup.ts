import type { KubeApi } from '../../kubernetes/kube-api.ts';
import type { Outcome } from '../../kubernetes/setup/carry-out.ts';
import { setupErrors } from '../../kubernetes/setup/errors.ts';
import { carryOutRemoval, demandNothingLeft } from '../../kubernetes/setup/removal.ts';
import { planRemoval } from '../../kubernetes/setup/removal-plan.ts';
import { seededRandom } from '../../util/rng.ts';
import { systemSleep } from '../../util/sleep.ts';
import type { CommandContext } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { isSettled, lineText, removalLines } from './describe.ts';

/** `kisimd setup --remove`. @throws KISIM_E_SETUP_..., KISIM_E_KUBE_... */
export async function removeSetup(context: CommandContext, api: KubeApi, namespace: string): Promise<void> {
  const { options, stdout, signal } = context;
  const [dryRun, json] = [options['dryRun'] === true, options['json'] === true];
  const plan = await planRemoval(api, namespace);
  const lines = removalLines(plan);
  if (!json) {
    stdout.write(`cluster   ${plan.cluster}\n`);
    for (const line of lines) stdout.write(lineText(line));
  }
  const outcomes: Outcome[] = [];
  if (!dryRun) {
    if (!isSettled(lines) && options['yes'] !== true && !(await confirmed(context, 'Remove all of this?')))
      throw setupErrors.KISIM_E_SETUP_DECLINED('the answer was not yes');
    const done = (outcome: Outcome): void => {
      outcomes.push(outcome);
      if (!json) stdout.write(`${outcome.outcome.padEnd(9)} ${outcome.what}\n`);
    };
    const tools = {
      api,
      sleep: systemSleep,
      random: seededRandom(process.pid),
      monotonicMilliseconds: () => performance.now(),
    };
    await carryOutRemoval(tools, plan, { done, signal });
    await demandNothingLeft(api, namespace, plan.keepsNamespace.length > 0);
  }
  const notes = [
    ...plan.notes,
    'files on this machine stay: kubeconfigs that were written, certificates of the webhook',
  ];
  if (json) {
    stdout.write(`${JSON.stringify({ cluster: plan.cluster, plan: lines, outcomes, notes })}\n`);
    return;
  }
  if (!dryRun) stdout.write('removed   nothing of kisimd is left in the cluster\n');
  for (const note of notes) stdout.write(`note      ${note}\n`);
}
