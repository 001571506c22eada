import { ipKey, isIpv4, isLinkLocal, isUnspecified } from '../net/ip.js';
import type { MacAddress } from '../net/mac.js';
import type { CustomerAddress, ProviderAddress } from './addresses.js';
import type { Vsid } from './vsid.js';

/** How packets to the record's VM travel: `TranslationMethodEncap` or `TranslationMethodNat`. */
export type LookupRecordRule = 'encap' | 'nat';

/** `Type` of New-NetVirtualizationLookupRecord. */
export type LookupRecordType = 'static' | 'dynamic' | 'l2only' | 'gatewayWildcard';

/** Where a customer address lives (New-NetVirtualizationLookupRecord). */
export interface LookupRecord {
  readonly vsid: Vsid;
  readonly customerAddress: CustomerAddress;
  readonly macAddress: MacAddress;
  readonly providerAddress: ProviderAddress;
  readonly rule: LookupRecordRule;
  readonly type: LookupRecordType;
  readonly vmName?: string;
}

/** Names a record within its routing domain. */
export type LookupRecordKey = string & { readonly lookupRecordKey: true };

export function lookupRecordKey(vsid: Vsid, customerAddress: CustomerAddress): LookupRecordKey {
  // Told apart by family: 0.0.0.0 and :: are the same number.
  return `${vsid}/${ipKey(customerAddress)}` as LookupRecordKey;
}

/** A record for 0.0.0.0 or :: stands for whatever has no record of its own in the subnet. */
export function isWildcard(record: LookupRecord): boolean {
  return record.type === 'gatewayWildcard' || isUnspecified(record.customerAddress);
}

/**
 * A PA in 169.254.0.0/16 marks the subnet's distributed gateway address: every host answers for
 * it itself and nothing is ever sent to that PA.
 */
export function isDistributedGateway(record: LookupRecord): boolean {
  return isLinkLocal(record.providerAddress);
}

/**
 * Whether the PA stands for the record's address alone, so that packets need no NVGRE (N13). A
 * distributed gateway's or a wildcard's stands for none, an IPv4 PA for no IPv6 address.
 */
export function isRewritten(record: LookupRecord): boolean {
  return (
    record.rule === 'nat' &&
    isIpv4(record.customerAddress) &&
    !isWildcard(record) &&
    !isDistributedGateway(record)
  );
}
