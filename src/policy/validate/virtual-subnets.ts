import type { VirtualSubnet } from '../../model/virtual-subnet.js';
import { formatIp } from '../../net/ip.js';
import { isGroupMac } from '../../net/mac.js';
import { broadcastAddress, formatPrefix, prefixContains } from '../../net/prefix.js';
import type { DomainView } from './domain-view.js';
import { findOverlaps } from './overlaps.js';
import { finding, type Report } from './report.js';
import { reservedBlockOf } from './reserved-blocks.js';

/** Prefixes and gateways of a routing domain's subnets. */
export function checkVirtualSubnets(view: DomainView, report: Report): void {
  const subnets = [...view.domain.virtualSubnets.values()];
  for (const subnet of subnets) {
    checkPrefixes(subnet, report);
    checkGateway(subnet, report);
  }
  const prefixes = subnets.flatMap((subnet) =>
    subnet.prefixes.map((prefix, at) => ({ prefix, subnet, field: `prefixes/${at}` })),
  );
  for (const { outer, inner } of findOverlaps(prefixes))
    report.error(
      finding(
        inner.subnet,
        inner.field,
        'overlappingPrefix',
        `Prefix ${formatPrefix(inner.prefix)} overlaps ${formatPrefix(outer.prefix)} of VSID ${outer.subnet.vsid} in the same routing domain; give every subnet prefixes of its own.`,
      ),
    );
}

function checkPrefixes(subnet: VirtualSubnet, report: Report): void {
  if (subnet.prefixes.length === 0)
    report.error(
      finding(
        subnet,
        'prefixes',
        'missingField',
        `VSID ${subnet.vsid} has no prefix; name at least one.`,
      ),
    );
  for (const [at, prefix] of subnet.prefixes.entries()) {
    const reserved = reservedBlockOf(prefix);
    if (reserved !== undefined)
      report.error(
        finding(
          subnet,
          `prefixes/${at}`,
          'invalidPrefix',
          `Prefix ${formatPrefix(prefix)} of VSID ${subnet.vsid} holds addresses that no VM can have (${reserved}); choose another prefix.`,
        ),
      );
  }
}

function checkGateway(subnet: VirtualSubnet, report: Report): void {
  const { address, macAddress } = subnet.gateway;
  if (address !== undefined) {
    const prefix = subnet.prefixes.find((each) => prefixContains(each, address));
    if (prefix === undefined)
      report.error(
        finding(
          subnet,
          'gateway/address',
          'outsideVirtualSubnet',
          `Gateway address ${formatIp(address)} lies in no prefix of VSID ${subnet.vsid}; choose one inside.`,
        ),
      );
    else if (
      broadcastAddress(prefix) !== undefined &&
      (address === prefix.address || address === broadcastAddress(prefix))
    )
      report.error(
        finding(
          subnet,
          'gateway/address',
          'invalidAddress',
          `Gateway address ${formatIp(address)} is the network or broadcast address of ${formatPrefix(prefix)}; choose a host address.`,
        ),
      );
  }
  if (macAddress !== undefined && (macAddress === 0 || isGroupMac(macAddress)))
    report.error(
      finding(
        subnet,
        'gateway/macAddress',
        'invalidMacAddress',
        `The gateway MAC of VSID ${subnet.vsid} is zero or a group address; choose a unicast one.`,
      ),
    );
}
