import { loadConfig } from '../../config/load.ts';
import { jobRecordName } from '../../controller/jobs/record-name.ts';
import { modelFolder } from '../../daemon/placement/policies.ts';
import { openHistoryReader } from '../../history/reader.ts';
import { AutomaticReasons } from '../../policy/learned/automatic-reasons.ts';
import { ModelStore } from '../../policy/learned/model-store.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { explanationJson, explanationText } from '../explain-format.ts';

/** `kisimd explain`. @throws KISIM_E_CLI_NO_DECISION */
export async function runExplain(context: CommandContext): Promise<number> {
  const { options, stdout } = context;
  const { pod, namespace } = readPod(context);
  const limit = readLast(options['last']);
  const database = options['db'];
  const path =
    typeof database === 'string' && database !== ''
      ? database
      : loadConfig({ env: context.env, flags: options }).config.history.path;
  const reader = openHistoryReader(path);
  try {
    const found = reader.decisions({ pod, limit, ...(namespace === undefined ? {} : { namespace }) });
    if (found.length === 0)
      throw cliErrors.KISIM_E_CLI_NO_DECISION(
        `${namespace === undefined ? '' : `${namespace}/`}${pod} in ${path}`,
      );
    const reasons = new AutomaticReasons(new ModelStore(modelFolder({ path })).notes());
    const explained = found.map((decision) => ({ ...decision, policyReason: reasons.of(decision) }));
    stdout.write(
      options['json'] === true ? explanationJson(explained) : explained.map(explanationText).join('\n'),
    );
    return 0;
  } finally {
    reader.close();
  }
}

function readPod({ args, options }: CommandContext): { pod: string; namespace: string | undefined } {
  const [given = ''] = args;
  const steps = given.split('/');
  // A Job as kubectl names it, with its namespace before it or not.
  const [kind, job] = steps.slice(-2);
  if (kind === 'job' && steps.length > 1) steps.splice(-2, 2, jobRecordName(job!));
  const [first, second, ...rest] = steps;
  const named = options['namespace'];
  const namespace = typeof named === 'string' && named !== '' ? named : undefined;
  if (first === undefined || first === '' || second === '' || rest.length > 0 || given.endsWith('/'))
    throw cliErrors.KISIM_E_USAGE(`explain ${given}`);
  if (second === undefined) return { pod: first, namespace };
  if (namespace !== undefined && namespace !== first)
    throw cliErrors.KISIM_E_USAGE(`explain ${given} together with --namespace ${namespace}`);
  return { pod: second, namespace: first };
}

function readLast(given: unknown): number {
  const count = Number(given ?? 1);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000)
    throw cliErrors.KISIM_E_USAGE(`--last ${String(given)}`, {
      action: 'give a whole number from 1 to 1000',
    });
  return count;
}
