/** Set for what runs in the private network, to the path of the control plane's program. */
const variable = 'KISIMD_TEST_CONTROL_PLANE';
/** Set there to why no kubelets can be had: what they need can be fetched outside only. */
const kubeletVariable = 'KISIMD_TEST_NO_KUBELETS';

/** Environment of a process that is started in the private network. */
export function namespaceEnvironment(program: string): NodeJS.ProcessEnv {
  return { ...process.env, [variable]: program };
}

/** The program to start control planes from, where this process runs in a private network; undefined elsewhere. */
export function programHere(): string | undefined {
  return process.env[variable];
}

/** Why a part of `npm run test:cluster` cannot run in this process, or false. */
export const outsideNamespace: string | false =
  programHere() === undefined ? 'runs in a private network only: npm run test:cluster' : false;

/** What parts on real nodes are told by the runner, which asked `kubeletsMissing()`. */
export function kubeletEnvironment(missing: string | false): NodeJS.ProcessEnv {
  return { [kubeletVariable]: missing === false ? '' : missing };
}

/** Why a part of `npm run test:cluster` that needs real nodes cannot run in this process, or false. */
export const noRealNodes: string | false = outsideNamespace || process.env[kubeletVariable] || false;
