import { loadConfig } from '../../config/load.ts';
import { jobRecordName } from '../../controller/jobs/record-name.ts';
import { modelFolder } from '../../daemon/placement/policies.ts';
import { type HistoryReader, openHistoryReader } from '../../history/reader.ts';
import { AutomaticReasons } from '../../policy/learned/automatic-reasons.ts';
import { ModelStore } from '../../policy/learned/model-store.ts';
import type { CommandContext } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { explanationRow, explanationText } from '../explain-format.ts';
import { admissionRow, admissionText, scalingRow, scalingText } from '../explain-loops.ts';

/** `kisimd explain`. @throws KISIM_E_CLI_NO_DECISION */
export async function runExplain(context: CommandContext): Promise<number> {
  const { options, stdout } = context;
  const subject = readSubject(context);
  const limit = readLast(options['last']);
  const database = options['db'];
  const path =
    typeof database === 'string' && database !== ''
      ? database
      : loadConfig({ env: context.env, flags: options }).config.history.path;
  const reader = openHistoryReader(path);
  try {
    const reasons = new AutomaticReasons(new ModelStore(modelFolder({ path })).notes());
    const found = explanations(reader, reasons, subject, limit);
    if (found.length === 0) {
      const { namespace, kind, name } = subject;
      const words = `${namespace === undefined ? '' : `${namespace}/`}${kind === 'pod' ? '' : `${kind}/`}${name}`;
      throw cliErrors.KISIM_E_CLI_NO_DECISION(`${words} in ${path}`);
    }
    stdout.write(
      options['json'] === true
        ? `${JSON.stringify(found.map(({ row }) => row()))}\n`
        : found.map(({ text }) => text()).join('\n'),
    );
    return 0;
  } finally {
    reader.close();
  }
}

const kinds = ['job', 'deployment', 'workload'] as const;

interface Subject {
  readonly kind: 'pod' | (typeof kinds)[number];
  readonly name: string;
  readonly namespace: string | undefined;
}

/** A decision of whatever loop, in both of its forms. */
interface Explained {
  readonly unixMilliseconds: number;
  readonly text: () => string;
  readonly row: () => object;
}

function explained<T extends { readonly unixMilliseconds: number }>(
  all: readonly T[],
  text: (one: T) => string,
  row: (one: T) => object,
): readonly Explained[] {
  return all.map((one) => ({
    unixMilliseconds: one.unixMilliseconds,
    text: () => text(one),
    row: () => row(one),
  }));
}

/** Newest first. A Job may have been admitted from a queue and placed. */
function explanations(
  reader: HistoryReader,
  reasons: AutomaticReasons,
  { kind, name, namespace }: Subject,
  limit: number,
): readonly Explained[] {
  const where = { limit, ...(namespace === undefined ? {} : { namespace }) };
  if (kind === 'deployment') return explained(reader.scalings({ ...where, name }), scalingText, scalingRow);
  if (kind === 'workload')
    return explained(reader.admissions({ ...where, kind: 'Workload', name }), admissionText, admissionRow);
  const pod = kind === 'job' ? jobRecordName(name) : name;
  const decisions = reader
    .decisions({ ...where, pod })
    .map((decision) => ({ ...decision, policyReason: reasons.of(decision) }));
  const placements = explained(decisions, explanationText, explanationRow);
  if (kind === 'pod') return placements;
  const admissions = reader.admissions({ ...where, kind: 'Job', name });
  return [...placements, ...explained(admissions, admissionText, admissionRow)]
    .sort((a, b) => b.unixMilliseconds - a.unixMilliseconds)
    .slice(0, limit);
}

/** A pod by its name, or another object as kubectl names it, with its namespace before it or not. */
function readSubject({ args, options }: CommandContext): Subject {
  const [given = ''] = args;
  const steps = given.split('/');
  const word = steps.length > 1 ? steps.at(-2) : undefined;
  const kind = kinds.find((each) => each === word) ?? 'pod';
  if (kind !== 'pod') steps.splice(-2, 1);
  const [first, second, ...rest] = steps;
  const named = options['namespace'];
  const namespace = typeof named === 'string' && named !== '' ? named : undefined;
  if (first === undefined || first === '' || second === '' || rest.length > 0 || given.endsWith('/'))
    throw cliErrors.KISIM_E_USAGE(`explain ${given}`);
  if (second === undefined) return { kind, name: first, namespace };
  if (namespace !== undefined && namespace !== first)
    throw cliErrors.KISIM_E_USAGE(`explain ${given} together with --namespace ${namespace}`);
  return { kind, name: second, namespace: first };
}

function readLast(given: unknown): number {
  const count = Number(given ?? 1);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000)
    throw cliErrors.KISIM_E_USAGE(`--last ${String(given)}`, {
      action: 'give a whole number from 1 to 1000',
    });
  return count;
}
