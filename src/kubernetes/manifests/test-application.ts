import { harmlessContainer, harmlessPod } from './harmless.ts';

export interface TestApplicationManifestOptions {
  readonly namespace: string;
  /** Of Deployment and Service. */
  readonly name: string;
  readonly image: string;
  readonly replicas: number;
  readonly port: number;
  /** Requests in service at once; each has a core requested. */
  readonly servers: number;
  readonly queueLimit: number;
  readonly seed: number;
}

const MIB = 1024 * 1024;
/** The program, and room for /memory. */
const MEMORY_BYTES = 512 * MIB;
const SCRATCH_BYTES = 1024 * MIB;
/** Longer than the application takes to end what is in service. */
const GRACE_SECONDS = 15;

/** A Deployment of the test application and a Service before it, for `kubectl apply`. The pods have no rights. */
export function testApplicationManifest(options: TestApplicationManifestOptions): object {
  const { namespace, name, image, replicas, port, servers, queueLimit, seed } = options;
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  const probe = { httpGet: { path: '/healthz', port }, periodSeconds: 2 };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          replicas,
          selector: { matchLabels: labels },
          template: {
            metadata: {
              labels,
              annotations: {
                'prometheus.io/scrape': 'true',
                'prometheus.io/port': String(port),
                'prometheus.io/path': '/metrics',
              },
            },
            spec: {
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              terminationGracePeriodSeconds: GRACE_SECONDS,
              securityContext: harmlessPod,
              containers: [
                {
                  name: 'application',
                  image,
                  imagePullPolicy: 'IfNotPresent',
                  args: [
                    ...['test-application', '--host', '0.0.0.0', '--port', String(port)],
                    ...['--servers', String(servers), '--queue', String(queueLimit), '--seed', String(seed)],
                  ],
                  ports: [{ name: 'http', containerPort: port }],
                  startupProbe: { ...probe, failureThreshold: 60 },
                  readinessProbe: { ...probe, failureThreshold: 1 },
                  resources: {
                    requests: { cpu: `${servers * 1000}m`, memory: `${MEMORY_BYTES}` },
                    // Its servers and the thread that answers.
                    limits: { cpu: `${servers * 1000 + 500}m`, memory: `${MEMORY_BYTES}` },
                  },
                  securityContext: harmlessContainer,
                  volumeMounts: [{ name: 'scratch', mountPath: '/var/tmp' }],
                },
              ],
              volumes: [{ name: 'scratch', emptyDir: { sizeLimit: `${SCRATCH_BYTES}` } }],
            },
          },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: labels, ports: [{ name: 'http', port, targetPort: port }] },
      },
    ],
  };
}
