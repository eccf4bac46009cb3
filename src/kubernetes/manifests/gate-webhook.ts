import type { ApiObject } from '../api-objects.ts';
import { COMPONENT, DOMAIN } from '../names.ts';
import { ownMetadata } from './common.ts';
import { type GateScope, gateConditions, gateRule, gateSelectors } from './gate-conditions.ts';

/** Where the API server finds the webhook. */
export type WebhookAddress =
  | {
      readonly service: { readonly name: string; readonly namespace: string; readonly port: number };
      readonly path: string;
    }
  /** `https://HOST:PORT/PATH`, for a program outside the cluster. */
  | { readonly url: string };

export interface GateWebhookOptions extends GateScope {
  readonly address: WebhookAddress;
  /** Of the authority that signed the webhook's certificate, PEM. */
  readonly authority: string;
}

/** A pod waits no longer for a program that is away. */
const TIMEOUT_SECONDS = 2;

/** Sets the gate where the API server has no MutatingAdmissionPolicy: asks the program for every new pod that it may gate. */
export function gateWebhook(options: GateWebhookOptions): ApiObject {
  const { address, authority } = options;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: ownMetadata(`${COMPONENT}-gate`),
    webhooks: [
      {
        name: `gate.${DOMAIN}`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        timeoutSeconds: TIMEOUT_SECONDS,
        reinvocationPolicy: 'IfNeeded',
        matchPolicy: 'Equivalent',
        clientConfig: {
          caBundle: Buffer.from(authority).toString('base64'),
          ...('url' in address
            ? { url: address.url }
            : { service: { ...address.service, path: address.path } }),
        },
        ...gateSelectors(options),
        rules: [{ ...gateRule, scope: 'Namespaced' }],
        matchConditions: gateConditions(options),
      },
    ],
  };
}
