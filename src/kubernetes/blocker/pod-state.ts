/** As much of a pod as tells how far the blocker in it has come. */
export interface BlockerPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly terminated?: { readonly exitCode?: number; readonly reason?: string };
      };
    }[];
  };
}

export type PodState =
  | { readonly kind: 'waiting'; readonly why: string }
  /** It will not start, however long one waits. */
  | { readonly kind: 'hopeless'; readonly why: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly succeeded: boolean; readonly why: string };

/** Reasons of a waiting container that waiting does not mend. */
const hopeless: ReadonlySet<string> = new Set([
  'ErrImageNeverPull',
  'ImagePullBackOff',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

export function podState({ status = {} }: BlockerPod): PodState {
  const container = status.containerStatuses?.[0]?.state;
  if (status.phase === 'Succeeded' || status.phase === 'Failed') {
    const { exitCode, reason } = container?.terminated ?? {};
    const why = [
      status.reason,
      status.message,
      reason,
      exitCode === undefined ? undefined : `exit status ${exitCode}`,
    ];
    return {
      kind: 'ended',
      succeeded: status.phase === 'Succeeded',
      why: why.filter((each) => each !== undefined && each !== '').join(', '),
    };
  }
  if (status.phase === 'Running') return { kind: 'running' };
  const waiting = container?.waiting;
  const why = `${waiting?.reason ?? ''} ${waiting?.message ?? ''}`.trim();
  if (waiting?.reason !== undefined && hopeless.has(waiting.reason)) return { kind: 'hopeless', why };
  const unscheduled = status.conditions?.find(
    ({ type, status: is }) => type === 'PodScheduled' && is === 'False',
  );
  const said = unscheduled === undefined ? why : `${unscheduled.reason ?? ''}: ${unscheduled.message ?? ''}`;
  return { kind: 'waiting', why: said === '' ? (status.phase ?? 'no phase yet') : said };
}
