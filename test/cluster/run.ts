// `npm run test:cluster [PART...]`: against the real Kubernetes, which is built from its Go modules once, into a cache
// outside the tree. Everything runs in a network namespace of its own, which ends with this process.
// `npm run test:cluster record` writes the golden files of `npm test` anew.
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenParts, runParts } from '../support/run-parts.ts';
import { ControlPlaneUnbuildable } from './support/control-plane-program.ts';
import { kubeletEnvironment, programHere } from './support/in-namespace.ts';
import { kubeletsMissing } from './support/kubelet/needs.ts';
import { controlPlaneMissing } from './support/needs.ts';
import { runInside } from './support/run-inside.ts';

const parts = [
  'training',
  'control-plane',
  'api-contract',
  'watching',
  'acting',
  'placement',
  'records',
  'jobs',
  'gate-webhook',
  'setup',
  'permissions',
  'extender',
  'experiment',
  'sleep',
  'replacement',
  'autoscale',
  'admission',
  'kubelets',
  'pod-use',
  'collect',
  'end-to-end',
  'block',
  'agreement',
] as const;
/** Those with nodes that run containers. */
const onRealNodes: readonly string[] = ['kubelets', 'pod-use', 'end-to-end', 'training', 'block'];
/** Those that mostly wait run beside the first of the others, in a network of their own. */
const beside: readonly string[] = ['experiment'];
const folder = fileURLToPath(new URL('.', import.meta.url));

const args = process.argv.slice(2);
const recording = args.length === 1 && args[0] === 'record';
const chosen = recording ? [] : chosenParts(parts, args);
process.exitCode = chosen === undefined ? 2 : await main(chosen);

async function main(names: readonly string[]): Promise<number> {
  if (programHere() !== undefined) return await runParts(folder, names);
  const missing = controlPlaneMissing();
  if (missing !== false) {
    for (const name of names) process.stdout.write(`skipped: ${name}: ${missing}\n`);
    process.stdout.write(`0 passed, 0 failed, ${names.length} skipped\n`);
    return recording ? 1 : 0;
  }
  const script = join(folder, recording ? 'record.ts' : 'run.ts');
  const noKubelets = names.some((name) => onRealNodes.includes(name)) && kubeletsMissing();
  const environment = kubeletEnvironment(noKubelets);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const start = async (some: readonly string[], stdio: 'inherit' | 'pipe') => {
    const child = await runInside(script, some, stdio, progress, environment);
    const status = once(child, 'close').then(([code]) => (code as number | null) ?? 1);
    return { child, status };
  };
  try {
    const [others, waiting] = inLanes(names);
    const first = await start(others, 'inherit');
    if (waiting.length === 0) return await first.status;
    const second = await start(waiting, 'pipe');
    let told = '';
    for (const stream of [second.child.stdout!, second.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        told += text;
      });
    const statuses = await Promise.all([first.status, second.status]);
    process.stdout.write(told);
    return Math.max(...statuses);
  } catch (error) {
    if (!(error instanceof ControlPlaneUnbuildable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** What runs in order, and what runs beside it. */
function inLanes(names: readonly string[]): readonly [readonly string[], readonly string[]] {
  const others = names.filter((name) => !beside.includes(name));
  return others.length === 0 ? [names, []] : [others, names.filter((name) => beside.includes(name))];
}
