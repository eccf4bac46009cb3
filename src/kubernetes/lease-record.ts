import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Milliseconds } from '../util/units.ts';
import type { ObjectMeta } from './api-objects.ts';

/** `spec` of a coordination.k8s.io/v1 Lease. */
export interface LeaseSpec {
  /** Empty or left out: nobody holds it. */
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface ApiLease {
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly kind: 'Lease';
  readonly metadata: ObjectMeta;
  readonly spec?: LeaseSpec;
}

/** A MicroTime, which has exactly six digits after the point: the API server refuses any other number of them. */
export function microTime(unixMilliseconds: Milliseconds): string {
  return new Date(unixMilliseconds).toISOString().replace('Z', '000Z');
}

/** Of this process and no other, not even the one that ran here before. */
export function newIdentity(): string {
  return `${hostname()}_${randomUUID()}`;
}

/** Whether the holder has written since: nobody looks at what its times say, as clocks differ. */
export function sameRecord(a: LeaseSpec, b: LeaseSpec): boolean {
  return (
    a.holderIdentity === b.holderIdentity &&
    a.renewTime === b.renewTime &&
    a.acquireTime === b.acquireTime &&
    a.leaseTransitions === b.leaseTransitions &&
    a.leaseDurationSeconds === b.leaseDurationSeconds
  );
}
