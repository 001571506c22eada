import { isWildcard, type LookupRecord } from '../../model/lookup-record.js';
import type { Vsid } from '../../model/vsid.js';
import type { IpAddress } from '../../net/ip.js';
import { prefixAround, type DomainView } from './domain-view.js';
import { nameOf } from './lookup-records.js';
import { finding, type Report } from './report.js';

/** No CA stands in two subnets of a routing domain: only one of them could get its packets. */
export function checkDuplicateAddresses(
  view: DomainView,
  records: Iterable<LookupRecord>,
  report: Report,
): void {
  let vsidsOf: ReadonlyMap<IpAddress, readonly Vsid[]> | undefined;
  for (const record of records) {
    // Prefixes of subnets do not overlap, so of two equal CAs one lies outside its subnet.
    const subnet = view.domain.virtualSubnets.get(record.vsid);
    if (isWildcard(record)) continue;
    if (subnet !== undefined && prefixAround(subnet, record.customerAddress) !== undefined)
      continue;
    vsidsOf ??= vsidsByAddress(view);
    const other = vsidsOf.get(record.customerAddress)?.find((vsid) => vsid !== record.vsid);
    if (other !== undefined)
      report.error(
        finding(
          record,
          'customerAddress',
          'duplicate',
          `${nameOf(record)} has an address that a record of VSID ${other} has too; delete one of them.`,
        ),
      );
  }
}

function vsidsByAddress({ domain }: DomainView): Map<IpAddress, Vsid[]> {
  const vsids = new Map<IpAddress, Vsid[]>();
  for (const { customerAddress, vsid } of domain.lookupRecords.values()) {
    const known = vsids.get(customerAddress);
    if (known === undefined) vsids.set(customerAddress, [vsid]);
    else known.push(vsid);
  }
  return vsids;
}
