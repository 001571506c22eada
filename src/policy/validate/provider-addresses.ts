import type { ProviderAddressRecord } from '../../model/provider-address.js';
import { formatIp, type Ipv4 } from '../../net/ip.js';
import { broadcastAddress, maskAddress } from '../../net/prefix.js';
import type { PolicyView } from './domain-view.js';
import { interfaceProblem } from './interfaces.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';

/** The gateway's own tunnel end points. */
export function checkProviderAddresses({ policy, environment }: PolicyView, report: Report): void {
  const nextHops = new Set<Ipv4>();
  for (const route of policy.providerRoutes.values()) nextHops.add(route.nextHop);

  for (const record of policy.providerAddresses.values()) {
    const address = formatIp(record.address);
    const refuse = (message: string): void =>
      report.error(finding(record, 'address', 'invalidProviderAddress', message));

    const reserved = reservedBlockOfAddress(record.address);
    if (reserved !== undefined)
      refuse(`Provider address ${address} is no unicast address (${reserved}); choose another.`);
    else if (isEdgeOfSubnet(record))
      refuse(
        `Provider address ${address} is the network or broadcast address of its /${record.prefixLength}; choose a host address.`,
      );
    if (nextHops.has(record.address))
      refuse(
        `Provider address ${address} is the next hop of a provider route; that address is the router's, so choose another.`,
      );

    const problem = interfaceProblem(record.interface, environment.underlay, 'underlay');
    if (problem !== undefined)
      report.error(finding(record, 'interface', 'unknownInterface', problem));
  }
}

function isEdgeOfSubnet({ address, prefixLength }: ProviderAddressRecord): boolean {
  const prefix = { address: maskAddress(address, prefixLength), length: prefixLength };
  const broadcast = broadcastAddress(prefix);
  return broadcast !== undefined && (address === prefix.address || address === broadcast);
}
