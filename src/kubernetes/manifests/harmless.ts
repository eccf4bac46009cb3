/** Of the image in deploy/images/kisimd; nobody on a node has it. */
const USER = 65532;

/** `securityContext` of a pod that needs no right: what the pod security standard `restricted` lets in. */
export const harmlessPod = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** The same of its containers. */
export const harmlessContainer = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
