import type { StoredAdmission, StoredScaling } from '../history/loop-reader.ts';
import type { LoopReading } from '../history/loop-record.ts';
import { printable, utc } from './energy-format.ts';

/** One decision about replicas for people: what was done, why, and what was seen. */
export function scalingText(scaling: StoredScaling): string {
  const { namespace, deployment, backend, policy, ready, reason, outcome, unixMilliseconds } = scaling;
  const by = `by ${policy}, ${utc(unixMilliseconds)}`;
  const lines = [`${printable(`${namespace}/${deployment}`)}: ${replicasOf(scaling)} ${by}`];
  lines.push(`  ${outcome === 'failed' ? 'failed' : 'because'}: ${printable(reason)}`);
  if (ready !== undefined) lines.push(`  backend ${backend}; ${ready} of its pods served`);
  return `${[...lines, ...readingLines('seen', scaling.seen)].join('\n')}\n`;
}

function replicasOf({ outcome, before, wanted, after, mode }: StoredScaling): string {
  const now = before === undefined ? 'replicas not known' : counted(before);
  switch (outcome) {
    case 'scaled':
      return `scaled from ${before} to ${counted(after ?? 0)}`;
    case 'kept':
      return `kept at ${counted(after ?? before ?? 0)}`;
    case 'failed':
      return wanted === undefined
        ? `left as it was (${now}), nothing decided`
        : `not scaled (${now}, ${wanted} wanted)`;
    default:
      return `left as it was (${now}, ${wanted ?? 'none'} wanted; ${mode === 'act' ? outcome : `${mode}, nothing was written`})`;
  }
}

function counted(replicas: number): string {
  return `${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
}

/** One decision about a job in a queue for people. */
export function admissionText(admission: StoredAdmission): string {
  const { namespace, kind, name, outcome, nodes, policy, unixMilliseconds, mode, reason } = admission;
  const { waitedMilliseconds, queued, passedOver, oldest } = admission;
  const done: Readonly<Record<string, string>> = {
    admitted: nodes === undefined ? 'admitted' : `admitted to ${printable(nodes)}`,
    retry: 'sent back to its queue',
    rejected: 'rejected for good',
    failed: 'not admitted',
  };
  const what =
    done[outcome] ??
    `chosen${nodes === undefined ? '' : ` for ${printable(nodes)}`}; ${mode === 'act' ? outcome : `${mode}, nothing was written`}`;
  const lines = [
    `${printable(`${namespace}/${kind.toLowerCase()}/${name}`)}: ${what} by ${policy}, ${utc(unixMilliseconds)}`,
  ];
  if (reason !== undefined) lines.push(`  because: ${printable(reason)}`);
  lines.push(`  waited for ${(waitedMilliseconds / 1000).toFixed(1)} s; ${queued} in the queue with it`);
  if (passedOver > 0)
    lines.push(
      `  before ${passedOver} that had come earlier${oldest === undefined ? '' : `, ${printable(oldest)} the first of them`}`,
    );
  return `${[...lines, ...readingLines('terms', admission.terms)].join('\n')}\n`;
}

function readingLines(title: string, readings: readonly LoopReading[]): readonly string[] {
  if (readings.length === 0) return [];
  const width = Math.max(...readings.map(({ name }) => name.length));
  return [
    '',
    `  ${title}:`,
    ...readings.map(({ name, amount, unit }) => {
      const value = amount === undefined ? 'not measured' : `${amount}${unit === '' ? '' : ` ${unit}`}`;
      return `    ${name.padEnd(width)}  ${value}`;
    }),
  ];
}

/** All that is kept of them, for an array; missing values are null. */
export function scalingRow({ unixMilliseconds, ...scaling }: StoredScaling): object {
  const { before, ready, wanted, after } = scaling;
  return {
    kind: 'scaling',
    time: new Date(unixMilliseconds).toISOString(),
    ...scaling,
    before: before ?? null,
    ready: ready ?? null,
    wanted: wanted ?? null,
    after: after ?? null,
    seen: readingRows(scaling.seen),
  };
}

export function admissionRow({ unixMilliseconds, kind, ...admission }: StoredAdmission): object {
  return {
    kind: 'admission',
    time: new Date(unixMilliseconds).toISOString(),
    object: kind,
    ...admission,
    reason: admission.reason ?? null,
    nodes: admission.nodes ?? null,
    oldest: admission.oldest ?? null,
    terms: readingRows(admission.terms),
  };
}

function readingRows(readings: readonly LoopReading[]): readonly object[] {
  return readings.map(({ name, amount, unit }) => ({ name, amount: amount ?? null, unit }));
}
