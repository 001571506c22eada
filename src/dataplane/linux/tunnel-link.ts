import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { isTunnelLink } from '../compile/tunnel-device.js';
import type { TunnelLink } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { domainNamespace, type NetworkContext } from './context.js';
import { readLinks, type LinkRow } from './read-place.js';
import { runSuccessfully } from './run.js';
import { GONE, ip, THERE, type Step } from './step.js';

export function tunnelLinkSteps(
  context: NetworkContext,
  action: Operation['action'],
  link: TunnelLink,
): Step[] {
  const namespace = domainNamespace(context, link.domain);
  const { name, interfaceId, mtu } = link;
  if (action === 'remove') return [ip(namespace, `link del dev ${name}`, GONE)];
  return [
    ...(action === 'change'
      ? [{ tool: 'own', act: () => removeOther(namespace, link) } as const]
      : []),
    ip(namespace, `link add ${name} type xfrm if_id ${interfaceId}`, THERE),
    ip(namespace, `link set dev ${name} mtu ${mtu} addrgenmode none up`),
  ];
}

/** Takes away what has the name but is not the device: an interface keeps its number for life. */
async function removeOther(namespace: string, link: TunnelLink): Promise<void> {
  const row = (await readLinks(namespace)).find(({ ifname }) => ifname === link.name);
  if (row === undefined || interfaceIdOf(row) === link.interfaceId) return;
  await runSuccessfully({ file: 'ip', args: ['link', 'del', 'dev', link.name] }, namespace);
}

/** The XFRM interfaces of a routing domain; one that is not right has MTU 0, which nobody wants. */
export function observedTunnelLinks(
  domain: RoutingDomainId,
  links: readonly LinkRow[],
): TunnelLink[] {
  return links
    .filter(({ ifname }) => isTunnelLink(ifname))
    .map((row) => {
      const interfaceId = interfaceIdOf(row);
      const sound = interfaceId !== undefined && row.flags.includes('UP');
      return {
        kind: 'tunnelLink',
        domain,
        name: row.ifname,
        interfaceId: interfaceId ?? 0,
        mtu: sound ? row.mtu : 0,
      };
    });
}

/** As `ip` prints it, `0x1a`. */
function interfaceIdOf({ linkinfo }: LinkRow): number | undefined {
  const text = linkinfo?.info_kind === 'xfrm' ? linkinfo.info_data?.if_id : undefined;
  return text === undefined ? undefined : Number(text);
}
