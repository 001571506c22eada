import type { Connection } from '../../model/connection.js';
import { formatIp, type IpAddress } from '../../net/ip.js';
import { vsidAround, type DomainView } from './domain-view.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';

const NOUNS = {
  externalAddress: 'External address',
  sourceAddress: 'Source address',
  destinationAddress: 'Destination address',
} as const;

/** An address of the external side: one that the gateway holds there, or that of a peer. */
export function checkOutsideAddress(
  view: DomainView,
  connection: Connection,
  field: keyof typeof NOUNS,
  address: IpAddress,
  report: Report,
): void {
  const name = `${NOUNS[field]} ${formatIp(address)} of connection ${connection.id}`;
  const reserved = reservedBlockOfAddress(address);
  if (reserved !== undefined)
    report.error(
      finding(
        connection,
        field,
        'invalidAddress',
        `${name} is no unicast address (${reserved}); choose another.`,
      ),
    );
  if ([...view.policy.providerAddresses.keys()].some((each) => each === address))
    report.error(
      finding(
        connection,
        field,
        'externalAddressConflict',
        `${name} is a provider address of the gateway; choose another.`,
      ),
    );
  const vsid = vsidAround(view, address);
  if (vsid !== undefined)
    report.error(
      finding(
        connection,
        field,
        'externalAddressConflict',
        `${name} lies in VSID ${vsid} of the same routing domain; choose one outside.`,
      ),
    );
}
