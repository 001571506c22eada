import { isRemote } from '../../model/connection.js';
import type { RemoteConnection } from '../../model/remote-connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { formatIp, type IpAddress } from '../../net/ip.js';
import { addressField, place, type Holder } from './address-holders.js';
import { finding, type Report } from './report.js';

/**
 * Whether the gateway can tell which connection a peer's packet to a shared address is for.
 * Between routing domains the peer's address has to say it: the packet must be in the right
 * namespace before anybody reads it. Peers of unknown address get what no known one claims, so
 * one routing domain at most may have such. Within a routing domain the daemon also knows IKEv2
 * peers by their identity.
 */
export function checkPeers(address: IpAddress, holders: readonly Holder[], report: Report): void {
  checkUnsharable(address, holders, report);
  const claims = new Map<Peer, PeerClaims>();
  for (const holder of holders) {
    const { connection } = holder;
    if (!isRemote(connection)) continue;
    for (const peer of peersOf(connection)) {
      const claim = claims.get(peer) ?? { domains: new Map(), identities: new Map() };
      claims.set(peer, claim);
      const remote = { ...holder, connection };
      const message = claimPeer(address, peer, claim, remote);
      if (message === undefined || !holder.touched) continue;
      report.error(
        finding(connection, fieldOf(connection, peer), 'peersNotDistinguishable', message),
      );
      break;
    }
  }
}

type Peer = IpAddress | 'any';

/** The peers whose packets are for a connection. */
function peersOf(connection: RemoteConnection): readonly Peer[] {
  const { destinationAddress } = connection;
  if (destinationAddress === undefined) return ['any'];
  return connection.type === 'ikev2' && connection.peerAddressMayChange
    ? [destinationAddress, 'any']
    : [destinationAddress];
}

function fieldOf({ destinationAddress }: RemoteConnection, peer: Peer): string {
  return peer === 'any' && destinationAddress !== undefined
    ? 'peerAddressMayChange'
    : 'destinationAddress';
}

/** Who has a peer at one external address. */
interface PeerClaims {
  /** Routing domains with an IKEv2 connection to it -> the first of those. */
  readonly domains: Map<RoutingDomainId, Holder>;
  /** Routing domain and connection type -> identity, '' for none -> the connection. */
  readonly identities: Map<string, Map<string, Holder>>;
}

/** Adds a claim; says what is wrong with it beside the earlier ones. */
function claimPeer(
  address: IpAddress,
  peer: Peer,
  { domains, identities }: PeerClaims,
  holder: Holder<RemoteConnection>,
): string | undefined {
  const { domain, connection } = holder;
  const what = peer === 'any' ? 'take peers of any address' : `have the peer ${formatIp(peer)}`;
  const both = (other: Holder): string =>
    `Connection ${connection.id} and ${place(other, domain)} both ${what} at ${formatIp(address)}`;

  // Others do not share their address with a routing domain at all.
  if (connection.type === 'ikev2') {
    const elsewhere = firstBut(domains, domain);
    if (!domains.has(domain)) domains.set(domain, holder);
    if (elsewhere !== undefined)
      return `${both(elsewhere)}, so its packets could be for either; ${
        peer === 'any' ? 'name the destination address of one' : 'name another peer'
      } or give one another source address.`;
  }

  const key = `${domain} ${connection.type}`;
  const known = identities.get(key) ?? new Map<string, Holder>();
  identities.set(key, known);
  const identity = identityOf(connection);
  const [anyone] = known.values();
  const twin = identity === '' ? anyone : (known.get(identity) ?? known.get(''));
  if (!known.has(identity)) known.set(identity, holder);
  if (twin === undefined) return undefined;
  return connection.type === 'ikev2'
    ? `${both(twin)}, and only their identities could tell them apart; give each a remoteIdentity of its own, without stars, or one another source address.`
    : `${both(twin)}, where ${connection.type} cannot tell them apart; make them one or give one another source address.`;
}

/** '' where anybody may come: without an identity, or with one that stands for many. */
function identityOf(connection: RemoteConnection): string {
  if (connection.type !== 'ikev2') return '';
  const { remoteIdentity = '' } = connection;
  return remoteIdentity.includes('*') ? '' : remoteIdentity.toLowerCase();
}

/**
 * What carries L2TP and PPTP cannot be shared out by ports or peers: an address that has them is
 * one routing domain's alone, NAT included.
 */
function checkUnsharable(address: IpAddress, holders: readonly Holder[], report: Report): void {
  const domains = new Map<RoutingDomainId, Holder>();
  const unsharable = new Map<RoutingDomainId, Holder>();
  for (const holder of holders) {
    const { domain, connection, touched } = holder;
    const reason = UNSHARABLE[connection.type];
    const other = firstBut(reason === undefined ? unsharable : domains, domain);
    if (!domains.has(domain)) domains.set(domain, holder);
    if (reason !== undefined && !unsharable.has(domain)) unsharable.set(domain, holder);
    if (other === undefined || !touched) continue;
    const why = reason ?? UNSHARABLE[other.connection.type] ?? '';
    report.error(
      finding(
        connection,
        addressField(connection),
        'peersNotDistinguishable',
        `Connection ${connection.id} and ${place(other, domain)} use ${formatIp(address)}, which ${why}; give one of them another address.`,
      ),
    );
  }
}

/** Why an address cannot be shared with another routing domain. */
const UNSHARABLE: Partial<Record<Holder['connection']['type'], string>> = {
  l2tp: 'L2TP needs for one routing domain alone, because all its tunnels end at UDP port 1701',
  pptp: 'PPTP needs for one routing domain alone, because its GRE packets have no ports',
};

/** The first entry of another routing domain. */
function firstBut(
  entries: ReadonlyMap<RoutingDomainId, Holder>,
  domain: RoutingDomainId,
): Holder | undefined {
  for (const [id, holder] of entries) if (id !== domain) return holder;
  return undefined;
}
