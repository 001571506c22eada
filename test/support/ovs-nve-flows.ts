import { formatMacColons, parseMac } from '../../src/net/mac.js';

/** A VM on the host. */
export interface NveVm {
  readonly vsid: number;
  readonly macAddress: string;
  /** IPv4 and IPv6. */
  readonly customerAddresses: readonly string[];
  /** Its port number on the switch. */
  readonly port: number;
}

/** Where a host sends what is for somebody who is not on it: another VM, or the gateway. */
export interface NveRoute {
  readonly vsid: number;
  readonly macAddress: string;
  readonly customerAddresses: readonly string[];
  readonly providerAddress: string;
  /**
   * Who answers ARP for the customer addresses: the host itself, from policy, or whoever is behind
   * the tunnel. IPv6 neighbour solicitations always go through the tunnel.
   */
  readonly arp: 'local' | 'remote';
}

/** What a host's flow tables are made from. */
export interface NvePolicy {
  readonly tunnelPort: number;
  readonly vms: readonly NveVm[];
  readonly routes: readonly NveRoute[];
}

const FROM_VM = 1;
const FROM_TUNNEL = 2;
/** The high 24 bits of the GRE key; the low 8 are the FlowID (RFC 7637 section 3.2). */
const VSID_MASK = '0xffffff00';

/**
 * The flows of one host, as `ovs-ofctl` reads them. Table 0 puts the VSID of a packet into
 * `metadata`; table 1 takes what VMs send to its VM or PA, table 2 what the tunnel brings to VMs
 * only (what came out of a tunnel never goes into one again). No match: drop.
 */
export function flowsOf(policy: NvePolicy): string[] {
  const tunnel = policy.tunnelPort;
  const vsids = new Set([...policy.vms, ...policy.routes].map(({ vsid }) => vsid));
  return [
    ...[...vsids].map(
      (vsid) =>
        `table=0,in_port=${tunnel},tun_id=${key(vsid)}/${VSID_MASK},` +
        `actions=load:${vsid}->OXM_OF_METADATA[],goto_table:${FROM_TUNNEL}`,
    ),
    ...policy.vms.flatMap((vm) => [
      `table=0,in_port=${vm.port},actions=load:${vm.vsid}->OXM_OF_METADATA[],goto_table:${FROM_VM}`,
      ...deliveryFlows(vm),
    ]),
    ...policy.routes.flatMap((route) => routeFlows(route, tunnel)),
  ];
}

/** A VM that is here wins over a route that still says it is elsewhere. */
function deliveryFlows(vm: NveVm): string[] {
  const output = `actions=output:${vm.port}`;
  return [FROM_VM, FROM_TUNNEL].flatMap((table) => [
    `table=${table},priority=40,${forMac(vm)},${output}`,
    ...vm.customerAddresses.map(
      (address) => `table=${table},priority=30,${askingFor(vm.vsid, address)},${output}`,
    ),
  ]);
}

function routeFlows(route: NveRoute, tunnel: number): string[] {
  const output =
    `actions=load:${key(route.vsid)}->NXM_NX_TUN_ID[],` +
    'multipath(symmetric_l4,0,hrw,256,0,NXM_NX_TUN_ID[0..7]),' +
    `set_field:${route.providerAddress}->tun_dst,output:${tunnel}`;
  return [
    `table=${FROM_VM},priority=20,${forMac(route)},${output}`,
    ...route.customerAddresses.map((address) => {
      const answered = route.arp === 'local' && !address.includes(':');
      const actions = answered ? arpReply(address, route.macAddress) : output;
      return `table=${FROM_VM},priority=10,${askingFor(route.vsid, address)},${actions}`;
    }),
  ];
}

function forMac({ vsid, macAddress }: Pick<NveVm, 'vsid' | 'macAddress'>): string {
  return `metadata=${vsid},dl_dst=${formatMacColons(parseMac(macAddress))}`;
}

/** Matches the ARP request or neighbour solicitation that asks for the address. */
function askingFor(vsid: number, address: string): string {
  return address.includes(':')
    ? `metadata=${vsid},icmp6,icmp_type=135,nd_target=${address}`
    : `metadata=${vsid},arp,arp_op=1,arp_tpa=${address}`;
}

function arpReply(address: string, macAddress: string): string {
  const mac = formatMacColons(parseMac(macAddress));
  return (
    'actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],' +
    `set_field:${mac}->eth_src,set_field:2->arp_op,` +
    'move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[],move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[],' +
    `set_field:${mac}->arp_sha,set_field:${address}->arp_spa,in_port`
  );
}

function key(vsid: number): string {
  return `0x${(vsid * 256).toString(16)}`;
}
