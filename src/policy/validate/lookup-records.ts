import {
  isDistributedGateway,
  isRewritten,
  isWildcard,
  type LookupRecord,
} from '../../model/lookup-record.js';
import type { VirtualSubnet } from '../../model/virtual-subnet.js';
import { formatIp, isLinkLocal, isUnspecified } from '../../net/ip.js';
import { isGroupMac } from '../../net/mac.js';
import { broadcastAddress, formatPrefix } from '../../net/prefix.js';
import { prefixAround, type DomainView } from './domain-view.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';

/** One lookup record, as far as it can be judged without the domain's other records. */
export function checkLookupRecord(view: DomainView, record: LookupRecord, report: Report): void {
  const subnet = view.domain.virtualSubnets.get(record.vsid);
  if (subnet === undefined)
    report.error(
      finding(
        record,
        'vsid',
        'unknownVirtualSubnet',
        `${nameOf(record)} names VSID ${record.vsid}, which the routing domain does not have; push the virtual subnet first.`,
      ),
    );
  checkType(record, report);
  if (subnet !== undefined && !isWildcard(record)) {
    checkCustomerAddress(record, subnet, report);
    checkGatewayConflict(view, record, subnet, report);
  }
  if (record.macAddress === 0 || isGroupMac(record.macAddress))
    report.error(
      finding(
        record,
        'macAddress',
        'invalidMacAddress',
        `The MAC address of ${nameOf(record)} is zero or a group address; write the VM's own.`,
      ),
    );
  checkProviderAddress(view, record, report);
}

/** For messages: `Record 192.168.1.101 of VSID 5001`. */
export function nameOf(record: LookupRecord): string {
  return `Record ${formatIp(record.customerAddress)} of VSID ${record.vsid}`;
}

function checkType(record: LookupRecord, report: Report): void {
  if ((record.type === 'gatewayWildcard') !== isUnspecified(record.customerAddress))
    report.error(
      finding(
        record,
        'type',
        'unsupportedRecord',
        record.type === 'gatewayWildcard'
          ? `${nameOf(record)} is of type gatewayWildcard; write 0.0.0.0 or :: as its customer address, or another type.`
          : `${nameOf(record)} stands for every address; write gatewayWildcard as its type, or the VM's customer address.`,
      ),
    );
  if (record.rule === 'nat' && !isRewritten(record) && !isDistributedGateway(record))
    report.warn(
      finding(
        record,
        'rule',
        'unsupportedRecord',
        `${nameOf(record)} asks for rule nat, but ${isWildcard(record) ? 'one PA cannot stand for many addresses' : 'an IPv4 PA cannot stand for an IPv6 address'}; its packets are encapsulated, so the host must take them so.`,
      ),
    );
}

function checkCustomerAddress(record: LookupRecord, subnet: VirtualSubnet, report: Report): void {
  const address = record.customerAddress;
  const refuse = (code: 'invalidAddress' | 'outsideVirtualSubnet', message: string): void =>
    report.error(finding(record, 'customerAddress', code, message));

  const reserved = reservedBlockOfAddress(address);
  if (reserved !== undefined) {
    refuse(
      'invalidAddress',
      `${nameOf(record)} has an address that no VM can have (${reserved}); write the VM's own.`,
    );
    return;
  }
  const prefix = prefixAround(subnet, address);
  if (prefix === undefined) {
    refuse(
      'outsideVirtualSubnet',
      `${nameOf(record)} lies outside ${subnet.prefixes.map(formatPrefix).join(', ')}; correct the address or the VSID, or add the prefix to the subnet.`,
    );
    return;
  }
  const broadcast = broadcastAddress(prefix);
  if (broadcast !== undefined && (address === prefix.address || address === broadcast))
    refuse(
      'invalidAddress',
      `${nameOf(record)} is the network or broadcast address of ${formatPrefix(prefix)}; write the VM's own.`,
    );
}

function checkGatewayConflict(
  view: DomainView,
  record: LookupRecord,
  subnet: VirtualSubnet,
  report: Report,
): void {
  const { customerAddress: address, macAddress } = record;
  const distributed = isDistributedGateway(record);
  const ours = distributed || view.policy.providerAddresses.has(record.providerAddress);
  const isGateway = view.gatewayAddresses.get(subnet.vsid)?.includes(address) === true;
  const refuse = (field: string, message: string): void =>
    report.error(finding(record, field, 'gatewayAddressConflict', message));

  if (isGateway && !ours)
    refuse(
      'customerAddress',
      `${nameOf(record)} is the subnet's gateway address; give the VM another address or the subnet another gateway.`,
    );
  if (distributed && !isGateway && prefixAround(subnet, address) !== undefined)
    refuse(
      'customerAddress',
      `${nameOf(record)} makes it a gateway address, but its prefix has another one already; keep one of them.`,
    );
  const set = subnet.gateway.macAddress;
  if (isGateway && ours && set !== undefined && macAddress !== set)
    refuse(
      'macAddress',
      `${nameOf(record)} gives the gateway address another MAC than the subnet does; keep one of them.`,
    );
  if (distributed && set === undefined && macAddress !== firstDistributedMac(view, record))
    refuse(
      'macAddress',
      `${nameOf(record)} gives the distributed gateway another MAC than the subnet's other records do; keep one of them.`,
    );
}

function firstDistributedMac(view: DomainView, record: LookupRecord): number {
  const [first] = view.domainIndex.distributedGateways.get(record.vsid) ?? [];
  return (first ?? record).macAddress;
}

function checkProviderAddress(view: DomainView, record: LookupRecord, report: Report): void {
  const address = record.providerAddress;
  const refuse = (message: string): void =>
    report.error(finding(record, 'providerAddress', 'invalidProviderAddress', message));

  if (isLinkLocal(address)) {
    if (isWildcard(record))
      refuse(
        `${nameOf(record)} has a PA of 169.254.0.0/16, to which nothing is ever sent; name the host that takes the rest.`,
      );
    return;
  }
  const reserved = reservedBlockOfAddress(address);
  const gatewayOf = view.gatewaySubnets.get(address);
  if (reserved !== undefined)
    refuse(
      `PA ${formatIp(address)} of ${nameOf(record)} is no unicast address (${reserved}); name the host's tunnel end point.`,
    );
  else if (gatewayOf !== undefined)
    refuse(
      `PA ${formatIp(address)} of ${nameOf(record)} is the gateway address of VSID ${gatewayOf}; name the host's tunnel end point.`,
    );
}
