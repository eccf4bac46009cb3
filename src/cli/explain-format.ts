import type { StoredDecision } from '../history/decision-reader.ts';
import {
  costOf,
  type DecisionNode,
  type DecisionTerm,
  type DecisionUnit,
} from '../history/decision-record.ts';
import { printable, utc } from './energy-format.ts';

type Column = DecisionNode & { readonly label: string };

/** A decision with the reason that `auto` had for the policy that made it. */
export interface ExplainedDecision extends StoredDecision {
  readonly policyReason?: string | undefined;
}

/** One decision for people: what became of the pod, why, and a table of terms by node. */
export function explanationText(decision: ExplainedDecision): string {
  const lines = [headline(decision), ...remarks(decision)];
  const table = termTable(columnsOf(decision));
  if (table.length > 0) lines.push('', ...table);
  const against = comparison(decision);
  if (against !== undefined) lines.push('', against);
  return `${lines.join('\n')}\n`;
}

/** All that is kept of a decision; missing values are null. */
export function explanationRow(decision: ExplainedDecision): object {
  const costed = ({ node, terms }: DecisionNode) => ({ node, cost: costOf(terms) ?? null, terms });
  return {
    cluster: decision.cluster,
    time: new Date(decision.unixMilliseconds).toISOString(),
    namespace: decision.namespace,
    pod: decision.pod,
    uid: decision.uid,
    outcome: decision.outcome,
    reason: decision.reason ?? null,
    mode: decision.mode,
    node: decision.node ?? null,
    bound: decision.bound ?? null,
    policy: decision.policy,
    policyReason: decision.policyReason ?? null,
    fellBack: decision.fellBack ?? null,
    candidates: decision.candidates,
    heldMilliseconds: decision.heldMilliseconds,
    cost: costOf(decision.terms) ?? null,
    terms: decision.terms,
    others: decision.others.map(costed),
    reference:
      decision.reference === undefined
        ? null
        : { policy: decision.reference.policy, ...costed(decision.reference) },
  };
}

function headline(decision: StoredDecision): string {
  const { cluster, namespace, pod, outcome, node, policy, unixMilliseconds, mode } = decision;
  const where = cluster === 'live' ? '' : `, in the ${cluster} cluster`;
  const name = `${printable(`${namespace}/${pod}`)}${where}`;
  const when = utc(unixMilliseconds);
  const by = `by ${policy}, ${when}`;
  if (outcome === 'placed') return `${name}: sent to ${printable(node ?? '')} ${by}`;
  if (outcome === 'freed' && mode !== 'shadow')
    return `${name}: freed to the default scheduler as it was, ${when}`;
  const chosen = node === undefined ? 'no node chosen' : `${printable(node)} chosen`;
  return `${name}: ${chosen} ${by}; ${mode === 'act' ? outcome : `${mode}, nothing was written`}`;
}

const reasons: Readonly<Record<string, string>> = {
  deadline: 'its deadline had come',
  'no-node': 'no node could take it then',
  'default-scheduler': 'no policy was at work',
  'policy-failed': 'no rule could decide',
  refused: 'the server refused the decision',
  contradicted: 'it says itself that it must run elsewhere',
  'not-opted-in': 'its namespace is not opted in',
  'still-gated': 'it was found at the gate again',
  stuck: 'a write to the server did not end',
  stopping: 'the daemon was stopping',
  'would-wait': 'the rule would have held it back',
};

function remarks(decision: ExplainedDecision): string[] {
  const { reason, policy, policyReason, fellBack, node, bound, candidates, heldMilliseconds, outcome } =
    decision;
  const lines: string[] = [];
  if (reason !== undefined && reason !== 'shadow') {
    const [key = '', ...rest] = reason.split(': ');
    const words = reasons[key] ?? key;
    lines.push(`  because: ${printable([words, ...rest].join(': '))}`);
  }
  if (policyReason !== undefined) lines.push(`  by ${policy}, since ${printable(policyReason)}`);
  if (fellBack !== undefined)
    lines.push(`  instead of ${fellBack.from}, which failed: ${printable(fellBack.why)}`);
  if (outcome !== 'placed' && node !== undefined && outcome === 'freed')
    lines.push(`  decided, and not written: ${printable(node)}`);
  if (bound !== undefined) lines.push(`  runs on ${printable(bound)}${bound === node ? ', as decided' : ''}`);
  lines.push(
    `  held for ${heldMilliseconds} ms; ${candidates} ${candidates === 1 ? 'node' : 'nodes'} could take it`,
  );
  return lines;
}

function columnsOf({ node, terms, others, reference }: StoredDecision): readonly Column[] {
  if (node === undefined || terms.length === 0) return [];
  const columns: Column[] = [{ label: `${node} (chosen)`, node, terms }];
  for (const other of others) columns.push({ label: other.node, ...other });
  if (reference !== undefined && !columns.some((column) => column.node === reference.node))
    columns.push({ label: reference.node, ...reference });
  return columns;
}

function termTable(columns: readonly Column[]): string[] {
  const [chosen] = columns;
  if (chosen === undefined) return [];
  const total = costOf(chosen.terms)!;
  const cell = (term: DecisionTerm | undefined) =>
    term === undefined ? '-' : quantity(term.amount, term.unit);
  const rows = chosen.terms.map(({ term }) => [
    term,
    ...columns.map(({ terms }) => cell(terms.find((each) => each.term === term))),
  ]);
  const sum = ({ terms }: Column) => {
    const cost = costOf(terms);
    return cost?.unit === total.unit ? quantity(cost.amount, cost.unit) : '-';
  };
  const table = [
    ['', ...columns.map(({ label }) => printable(label))],
    ...rows,
    ['sum', ...columns.map(sum)],
  ];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
  return table.map((row) =>
    `  ${row.map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!))).join('  ')}`.trimEnd(),
  );
}

/** What the rule was measured against. */
function comparison({ policy, node, terms, reference }: StoredDecision): string | undefined {
  if (reference === undefined) return undefined;
  if (reference.node === node) return `${reference.policy} would have chosen the same node.`;
  const cost = costOf(terms);
  const other = costOf(reference.terms);
  const would = `${reference.policy} would have chosen ${printable(reference.node)}`;
  if (cost === undefined || other?.unit !== cost.unit) return `${would}.`;
  const difference = other.amount - cost.amount;
  const more = quantity(Math.abs(difference), cost.unit);
  return `${would}: ${more} ${difference < 0 ? 'less' : 'more'}, as ${policy} predicts.`;
}

function quantity(amount: number, unit: DecisionUnit): string {
  if (!Number.isFinite(amount)) return 'unknown';
  const digits = Math.abs(amount) >= 1000 ? 0 : Math.abs(amount) >= 10 ? 1 : 3;
  return `${amount.toFixed(digits)}${unit === 'points' ? '' : ` ${unit}`}`;
}
