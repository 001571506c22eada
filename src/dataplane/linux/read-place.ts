import { NvgateError } from '../../errors.js';
import { formatPrefix, prefixFamily, type Prefix } from '../../net/prefix.js';
import { runSuccessfully } from './run.js';

/** One link with its addresses, as `ip -j -d addr show` prints it (iproute2 6.1). */
export interface LinkRow {
  readonly ifindex: number;
  readonly ifname: string;
  /** ifindex of the other end of a veth pair, in its own namespace */
  readonly link_index?: number;
  /** number that this namespace has for the one of the other end */
  readonly link_netnsid?: number;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly group: string;
  readonly address: string;
  readonly linkinfo?: {
    readonly info_kind?: string;
    /** if_id: of an XFRM interface, `0x1a` */
    readonly info_data?: { readonly if_id?: string };
  };
  readonly gso_max_size: number;
  readonly gro_max_size: number;
  readonly ifalias?: string;
  readonly addr_info: readonly AddressRow[];
}

export interface AddressRow {
  readonly family: string;
  readonly local?: string;
  readonly prefixlen: number;
  readonly metric?: number;
  readonly scope: string;
}

/** One route, as `ip -j -d route show` prints it. */
export interface RouteRow {
  readonly type: string;
  /** Name or number; absent where only one table was asked for. */
  readonly table?: string;
  readonly protocol?: string;
  /** prefix, address or `default` */
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly metrics?: readonly { readonly mtu?: number }[];
}

/** One routing rule, as `ip -j -d rule show` prints it. */
export interface RuleRow {
  readonly priority: number;
  /** address or `all` */
  readonly src: string;
  /** Absent for a single address. */
  readonly srclen?: number;
  readonly iif?: string;
  readonly ipproto?: string;
  readonly dport?: number;
  readonly table?: string;
  readonly protocol?: string;
}

/** One proxy neighbour, as `ip -j neigh show proxy` prints it. */
export interface ProxyRow {
  readonly dst: string;
  readonly dev: string;
  readonly protocol?: string;
}

/** What one namespace has, as its tools print it. */
export interface PlaceState {
  readonly links: readonly LinkRow[];
  readonly routes: { readonly ipv4: readonly RouteRow[]; readonly ipv6: readonly RouteRow[] };
  readonly rules: { readonly ipv4: readonly RuleRow[]; readonly ipv6: readonly RuleRow[] };
  readonly proxies: readonly ProxyRow[];
  /** Our nft table as printed, without the last newline; undefined where there is none. */
  readonly ruleset: string | undefined;
  /** Value by path below /proc/sys, for those asked for that are there. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/**
 * Everything in one shell, since most of the time goes into entering the namespace and starting
 * processes. $1 is our table, $2 our routing protocol, $3 and on the sysctls.
 */
const SCRIPT = `
set -e
table=$1 protocol=$2
shift 2
ip -j -d addr show
echo '@@'
ip -4 -j -d route show table all proto $protocol
echo '@@'
ip -6 -j -d route show table all proto $protocol
echo '@@'
ip -4 -j -d rule show
echo '@@'
ip -6 -j -d rule show 2>/dev/null || : # a kernel without IPv6
echo '@@'
ip -j neigh show proxy
echo '@@'
if ! message=$( { nft -s -t list table inet "$table" >&3; } 2>&1 ) 3>&1; then
  case $message in
    *'No such file or directory'*) ;;
    *) echo "$message" >&2; exit 1 ;;
  esac
fi
echo '@@'
cd /proc/sys
[ $# -eq 0 ] || grep -sH '' -- "$@" || true
`;

/**
 * @param networkNamespace path of the namespace; that of this process where absent
 * @param sysctls paths below /proc/sys
 * @throws NvgateError `kernelOperationFailed`
 */
export async function readPlace(
  networkNamespace: string | undefined,
  table: string,
  protocol: number,
  sysctls: readonly string[],
): Promise<PlaceState> {
  const command = { file: 'sh', args: ['-c', SCRIPT, 'sh', table, String(protocol), ...sysctls] };
  const { stdout } = await runSuccessfully(command, networkNamespace);
  const [links, ipv4, ipv6, rules4, rules6, proxies, ruleset, values, ...more] =
    stdout.split('@@\n');
  if (values === undefined || more.length > 0)
    throw new NvgateError(
      'kernelOperationFailed',
      `What ip and nft print in ${networkNamespace ?? 'the gateway’s namespace'} could not be read. Check that iproute2 is 6.1 or newer.`,
    );
  return {
    links: rows<LinkRow>(links),
    routes: { ipv4: rows<RouteRow>(ipv4), ipv6: rows<RouteRow>(ipv6) },
    rules: { ipv4: rows<RuleRow>(rules4), ipv6: rows<RuleRow>(rules6) },
    proxies: rows<ProxyRow>(proxies),
    ruleset: ruleset?.trimEnd() || undefined,
    sysctls: new Map(
      values
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon), line.slice(colon + 1)];
        }),
    ),
  };
}

/** The links of a namespace with their addresses. */
export function readLinks(networkNamespace: string | undefined): Promise<LinkRow[]> {
  return readRows(networkNamespace, ['addr', 'show']);
}

/** Everybody's routes to just this destination in the main table. */
export function readRoutes(
  networkNamespace: string | undefined,
  destination: Prefix,
): Promise<RouteRow[]> {
  const family = `-${prefixFamily(destination)}`;
  const filter = ['exact', formatPrefix(destination), 'table', 'main'];
  return readRows(networkNamespace, [family, 'route', 'show', ...filter]);
}

async function readRows<Row extends object>(
  networkNamespace: string | undefined,
  args: readonly string[],
): Promise<Row[]> {
  const command = { file: 'ip', args: ['-j', '-d', ...args] };
  return rows<Row>((await runSuccessfully(command, networkNamespace)).stdout);
}

/** ip prints nothing at all, or an empty object, for what its filters left out. */
function rows<Row extends object>(text: string | undefined): Row[] {
  if (text === undefined || text.trim() === '') return [];
  return (JSON.parse(text) as Row[]).filter((row) => Object.keys(row).length > 0);
}
