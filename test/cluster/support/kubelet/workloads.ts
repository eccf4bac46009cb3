import { BUSYBOX_IMAGE } from './images.ts';

export interface PodSpecOptions {
  /** Script of the one container; without one it sleeps. */
  readonly script?: string;
  /** CPU asked for; and the most that it gets. Very small limits throttle the start of the container too. */
  readonly cpu?: string;
  readonly limit?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly restartPolicy?: 'Never';
  readonly more?: object;
}

/** A pod template whose one container runs a shell script. Its shell does not heed SIGTERM, so it is given no time. */
export function podTemplate(app: string, options: PodSpecOptions = {}): object {
  const { script = 'exec sleep 3600', cpu = '50m', limit, labels = {}, restartPolicy, more = {} } = options;
  return {
    metadata: { labels: { app, ...labels } },
    spec: {
      terminationGracePeriodSeconds: 0,
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
      containers: [
        {
          name: 'main',
          image: BUSYBOX_IMAGE,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', script],
          resources: { requests: { cpu }, ...(limit === undefined ? {} : { limits: { cpu: limit } }) },
        },
      ],
      ...more,
    },
  };
}

export function deployment(
  namespace: string,
  app: string,
  replicas: number,
  options?: PodSpecOptions,
): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: app, namespace },
    spec: { replicas, selector: { matchLabels: { app } }, template: podTemplate(app, options) },
  };
}

export function daemonSet(namespace: string, app: string, options?: PodSpecOptions): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: app, namespace },
    spec: { selector: { matchLabels: { app } }, template: podTemplate(app, options) },
  };
}

export function job(
  namespace: string,
  app: string,
  options: PodSpecOptions,
  more: { readonly metadata?: object; readonly spec?: object } = {},
): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: app, namespace, ...more.metadata },
    spec: { ...more.spec, template: podTemplate(app, { restartPolicy: 'Never', ...options }) },
  };
}

export function pod(namespace: string, name: string, options: PodSpecOptions = {}): object {
  const { metadata, spec } = podTemplate(name, options) as { metadata: object; spec: object };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, ...metadata }, spec };
}
