/**
 * Every error that nvgate shows to a person or a controller has a stable code from this list.
 * The provider API sends it as `code`, the CLI prints it, the documentation explains it.
 * Add codes freely; never change the meaning of one.
 */
export const ERROR_CODES = {
  invalidAddress: 'An IP address could not be read.',
  invalidPrefix: 'An IP prefix could not be read, or has host bits set.',
  invalidMacAddress: 'A MAC address could not be read.',
  invalidVsid: 'A virtual subnet id is outside 4097..16777214.',
  invalidRoutingDomainId: 'A routing domain id is not a UUID.',
  invalidValue: 'A value has the wrong type or is outside its range.',
  unknownField: 'A field is not part of the policy.',
  missingField: 'A field that the policy needs is not there.',
  duplicate: 'The same object is there twice.',
  notFound: 'The object named does not exist.',
  vsidInUse: 'A virtual subnet id belongs to another routing domain.',
  unknownVirtualSubnet: 'A virtual subnet is named that the routing domain does not have.',
  overlappingPrefix: 'Two prefixes overlap that must not.',
  outsideVirtualSubnet: 'A customer address lies outside the prefixes of its virtual subnet.',
  gatewayAddressConflict: 'A customer address is the gateway address of its virtual subnet.',
  invalidProviderAddress: 'A provider address cannot be a tunnel end point.',
  unknownProviderAddress: 'A provider address is named that the gateway does not have.',
  unreachableNextHop: 'No record, subnet or provider address reaches a next hop.',
  invalidMulticastGroup: 'A multicast group cannot be used for virtual subnets.',
  externalAddressConflict: 'Two connections want the same external address or port.',
  unknownInterface: 'An interface is named that the configuration does not have.',
  unsupportedConnection: 'The gateway cannot hold a connection of this type now.',
  unsupportedAlgorithm: 'An algorithm is named that the running system cannot do.',
  insecureConnection:
    'A connection is weak enough to be broken, and the configuration does not allow it.',
  invalidCertificate: 'A certificate, key or revocation list cannot be used.',
  missingSecret: 'A connection has no secret, and none is stored from before.',
  peersNotDistinguishable:
    'Two connections use one external address, and their peers cannot be told apart.',
  unsupportedRecord: 'The gateway cannot serve a record of this rule or type now.',
  limitExceeded: 'The policy is larger than the limits of the gateway.',
  revisionMismatch: 'The policy has changed since the revision named in If-Match.',
  policyRefused: 'The policy has errors; nothing of it was applied.',
  malformedRequest: 'The request could not be read.',
  unauthorized: 'The bearer token is missing or wrong.',
  storeUnavailable: 'The policy could not be stored; nothing was changed.',
  storeDamaged: 'A policy store cannot be read; nothing is written to it.',
  policyLost: 'The stored policy was lost, and only the whole policy can be pushed.',
  configInvalid: 'The configuration file has errors.',
  kernelOperationFailed: 'The kernel or a system tool refused an operation.',
  kernelFeatureMissing: 'The kernel lacks something that the gateway needs.',
  vpnDaemonFailed: 'A VPN daemon could not be started or does not answer.',
  vpnRefused: 'A VPN daemon refused what it was asked to do.',
  gatewayUnreachable: 'The gateway did not answer.',
  timedOut: 'An operation took longer than allowed.',
  internal: 'An error that nvgate did not expect.',
} as const satisfies Record<string, string>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One thing that is wrong: where (JSON pointer into the document), what, and what to do about it. */
export interface Problem {
  readonly path: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** The base of every error thrown on purpose. The message says where, what and what to do. */
export class NvgateError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NvgateError';
    this.code = code;
  }
}

/** A document was refused; every problem in it is listed, nothing of it was applied. */
export class RefusedError extends NvgateError {
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, problems: readonly Problem[]) {
    super(code, message);
    this.name = 'RefusedError';
    this.problems = problems;
  }
}

/** What a caught value says, whatever it is. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
