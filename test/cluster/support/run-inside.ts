import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { controlPlaneProgram } from './control-plane-program.ts';
import { namespaceEnvironment } from './in-namespace.ts';
import { inPrivateNetwork } from './private-network.ts';

/**
 * Starts a script of the tests in a private network, with the control plane's program built before: modules are not to
 * be had in there. Interrupts of this process are passed on.
 */
export async function runInside(
  script: string,
  args: readonly string[],
  stdio: StdioOptions,
  progress: (text: string) => void,
  environment: NodeJS.ProcessEnv = {},
): Promise<ChildProcess> {
  const program = await controlPlaneProgram(progress);
  const [command, ...rest] = inPrivateNetwork([process.execPath, script, ...args]);
  const child = spawn(command, rest, { stdio, env: { ...namespaceEnvironment(program), ...environment } });
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, passOn);
    child.once('close', () => process.off(signal, passOn));
  }
  return child;
}
