import type { ApiObject } from '../../../src/kubernetes/api-objects.ts';
import type { KubeApi } from '../../../src/kubernetes/kube-api.ts';
import { type KueueVersion, kueuePath } from '../../../src/kubernetes/kueue/version.ts';
import { waitFor } from '../../system/support/wait-for.ts';
import { succeed } from './install-program.ts';

/*
 * Definitions of the kinds of Kueue that the program talks to, with the fields that its documentation gives for v1beta2
 * (https://kueue.sigs.k8s.io/docs/reference/kueue.v1beta2/) and their rules, as far as they are read or written; those of v1beta1
 * are the same. Kueue's own
 * controllers are not here: what they do a test does by requests of its own.
 */

const text = { type: 'string' };
const texts = { type: 'object', additionalProperties: text };
const count = { type: 'integer', format: 'int32', minimum: 0 };
const time = { type: 'string', format: 'date-time' };

const conditions = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: {
    type: 'object',
    required: ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
    properties: {
      type: text,
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      observedGeneration: { type: 'integer', format: 'int64' },
      lastTransitionTime: time,
      reason: { type: 'string', minLength: 1 },
      message: { type: 'string', maxLength: 32_768 },
    },
  },
};

const podSetUpdates = {
  type: 'array',
  maxItems: 8,
  'x-kubernetes-list-type': 'atomic',
  items: {
    type: 'object',
    required: ['name'],
    properties: { name: text, labels: texts, annotations: texts, nodeSelector: texts },
  },
};

const workload = {
  spec: {
    type: 'object',
    properties: {
      podSets: {
        type: 'array',
        minItems: 1,
        maxItems: 8,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          properties: {
            name: { type: 'string', default: 'main' },
            count: { ...count, default: 1 },
            template: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
      queueName: text,
      priority: { type: 'integer', format: 'int32' },
      active: { type: 'boolean', default: true },
      maximumExecutionTimeSeconds: { type: 'integer', format: 'int32', minimum: 1 },
    },
  },
  status: {
    type: 'object',
    properties: {
      conditions,
      admission: { type: 'object', properties: { clusterQueue: text } },
      admissionChecks: {
        type: 'array',
        maxItems: 8,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          required: ['name', 'state', 'lastTransitionTime', 'message'],
          properties: {
            name: { type: 'string', minLength: 1, maxLength: 316 },
            state: { type: 'string', enum: ['Pending', 'Ready', 'Retry', 'Rejected'] },
            lastTransitionTime: time,
            message: { type: 'string', maxLength: 32_768 },
            podSetUpdates,
          },
        },
      },
    },
  },
};

const admissionCheck = {
  spec: {
    type: 'object',
    required: ['controllerName'],
    properties: {
      controllerName: {
        type: 'string',
        'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'field is immutable' }],
      },
      parameters: {
        type: 'object',
        required: ['apiGroup', 'kind', 'name'],
        properties: { apiGroup: text, kind: text, name: text },
      },
    },
  },
  status: { type: 'object', properties: { conditions } },
};

function definition(
  kind: string,
  plural: string,
  scope: 'Namespaced' | 'Cluster',
  properties: object,
  version: KueueVersion,
): ApiObject {
  const meta = { apiVersion: text, kind: text, metadata: { type: 'object' } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.kueue.x-k8s.io`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, of a test' },
    },
    spec: {
      group: 'kueue.x-k8s.io',
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { ...meta, ...properties } } },
        },
      ],
    },
  };
}

/** Puts them into a cluster, and waits until they are served. @param admin as the operator */
export async function defineKueue(admin: KubeApi, version: KueueVersion = 'v1beta2'): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await succeed(admin, 'POST', path, definition('Workload', 'workloads', 'Namespaced', workload, version));
  await succeed(
    admin,
    'POST',
    path,
    definition('AdmissionCheck', 'admissionchecks', 'Cluster', admissionCheck, version),
  );
  for (const plural of ['workloads', 'admissionchecks'])
    await waitFor(`${plural} to be served`, 60, async () => {
      const { status } = await admin.request({
        method: 'GET',
        path: kueuePath(version, plural),
      });
      return status === 200;
    });
}
