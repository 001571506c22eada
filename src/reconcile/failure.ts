import { objectKey, partOf, type Place } from '../dataplane/kernel-object.js';
import type { OperationFailure } from '../dataplane/port.js';
import { policyRef, type PolicyRef } from '../model/policy-ref.js';
import type { TunnelFailure } from '../vpn/port.js';

/** Something that a run could not do, whoever was to do it. */
export interface Failure {
  readonly part: Place;
  /** `objectKey` of the kernel object; absent for a tunnel. */
  readonly key?: string;
  /** The policy object that wants it; absent for what could not be removed or serves several. */
  readonly owner?: PolicyRef;
  readonly reason: string;
}

export function kernelFailure({
  operation,
  reason,
}: Pick<OperationFailure, 'operation' | 'reason'>): Failure {
  const { action, object } = operation;
  return {
    part: partOf(object),
    key: objectKey(object),
    ...(object.owner === undefined ? {} : { owner: object.owner }),
    reason: `${action} ${objectKey(object)}: ${reason}`,
  };
}

export function tunnelFailure({ domain, connection, reason }: TunnelFailure): Failure {
  const owner =
    connection === undefined
      ? policyRef.routingDomain(domain)
      : policyRef.connection(domain, connection);
  return { part: domain, owner, reason };
}
