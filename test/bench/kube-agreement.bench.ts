import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { AgreementLine } from '../cluster/support/agreement-report.ts';
import { controlPlaneMissing } from '../cluster/support/needs.ts';
import { runInside } from '../cluster/support/run-inside.ts';
import type { Bench } from './bench.ts';

const CORPORA = 200;
const PODS = 20_000;
/** Seeds of corpora begin here, apart from those that the tests and the golden files use. */
const FIRST_SEED = 10_000;

const script = fileURLToPath(new URL('../cluster/agreement-run.ts', import.meta.url));

async function compared(
  seed: number,
  corpora: number,
  pods: number,
  progress: (text: string) => void,
): Promise<readonly AgreementLine[]> {
  const args = [seed, corpora, pods].map(String);
  const child = await runInside(script, args, ['ignore', 'pipe', 'inherit'], progress);
  const ended = once(child, 'close') as Promise<[number | null]>;
  const lines: AgreementLine[] = [];
  let done = 0;
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as AgreementLine;
    lines.push(line);
    done += line.pods;
    for (const difference of line.differences.slice(0, 3)) progress(difference);
    if (lines.length % 10 === 0) progress(`${lines.length} corpora, ${done} of ${pods} pods`);
  }
  const [status] = await ended;
  if (status !== 0) throw new Error(`the comparison ended with status ${status}`);
  return lines;
}

function total(lines: readonly AgreementLine[], pick: (line: AgreementLine) => number): number {
  return lines.reduce((sum, line) => sum + pick(line), 0);
}

/** Our exact scheduler against the kube-scheduler of a real control plane, pod by pod. */
export const kubeAgreementBench: Bench = {
  name: 'kube-agreement',
  what: 'the exact default scheduler beside the real one: placements and scores of 20,000 pods',
  skip: () => controlPlaneMissing() || undefined,
  async run({ quick, seed, progress }) {
    const [corpora, wanted] = quick ? [3, 100] : [CORPORA, PODS];
    const lines = await compared(FIRST_SEED * seed, corpora, wanted, progress);
    const pods = total(lines, (line) => line.pods);
    const percent = (pick: (line: AgreementLine) => number): number => (100 * total(lines, pick)) / pods;
    const agreement = {
      unit: '%',
      goal: 100,
      direction: 'at-least',
      control: {
        what: 'same node where ours gets the nodes in reverse, and ties and samples differ',
        value: percent((line) => line.sameNodePodsReversed),
      },
    } as const;
    const features = new Map<string, number>();
    for (const line of lines) {
      for (const [name, count] of Object.entries(line.features))
        features.set(name, (features.get(name) ?? 0) + count);
    }
    const unequal = lines.flatMap((line) => line.differences);
    return {
      figures: [
        {
          what: 'pods that go to the same node, or nowhere, whenever they are tried',
          value: percent((line) => line.sameNodePods),
          ...agreement,
        },
        {
          what: 'pods with the same nodes looked at and feasible, reasons and scores of every plugin too',
          value: percent((line) => line.equalPods),
          ...agreement,
        },
        {
          what: 'pods compared',
          value: pods,
          unit: 'pods',
          goal: wanted,
          direction: 'at-least',
          control: { what: 'decisions compared', value: total(lines, (line) => line.decisions) },
        },
        {
          what: 'corpora compared',
          value: lines.length,
          unit: 'corpora',
          goal: corpora,
          direction: 'at-least',
          control: { what: 'nodes in them', value: total(lines, (line) => line.nodes) },
        },
      ],
      seeds: [lines[0]?.seed ?? Number.NaN, lines.at(-1)?.seed ?? Number.NaN],
      details: {
        nodes: `${Math.min(...lines.map(({ nodes }) => nodes))} to ${Math.max(...lines.map(({ nodes }) => nodes))} a corpus`,
        'decisions with a node': total(lines, (line) => line.bound),
        'plugin scores compared': total(lines, (line) => line.scores),
        'decisions between equal scores': total(lines, (line) => line.ties),
        'decisions from a sample of the nodes': total(lines, (line) => line.sampled),
        ...Object.fromEntries([...features].sort().map(([name, count]) => [`pods with ${name}`, count])),
        differences: unequal.length === 0 ? 'none' : unequal.slice(0, 5).join('\n'),
        ...(quick ? { scaled: 'three corpora only' } : {}),
      },
    };
  },
};
