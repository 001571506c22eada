import { formatIp, isIpv4, isMulticast, type IpAddress } from '../../net/ip.js';
import type { Address } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { linuxDevice, namespaceOf, type NetworkContext } from './context.js';
import { ADDRESS_METRIC } from './names.js';
import { readLinks } from './read-place.js';
import { runSuccessfully } from './run.js';
import { GONE, ip, THERE, type Step } from './step.js';

/** @throws NvgateError `unknownInterface` */
export function addressSteps(
  context: NetworkContext,
  action: Operation['action'],
  address: Address,
): Step[] {
  const namespace = namespaceOf(context, address.place);
  const device = linuxDevice(context, address.device);
  const text = `${formatIp(address.address)}/${address.prefixLength} dev ${device}`;
  if (action === 'remove')
    return [
      ...keepSecondaries(address, namespace, device),
      ip(namespace, `addr del ${text}`, GONE),
    ];
  const add = ip(
    namespace,
    `addr add ${text} metric ${ADDRESS_METRIC}${settings(address.address)}`,
    THERE,
  );
  if (action === 'add') return [add];
  return [
    ...keepSecondaries(address, namespace, device),
    { tool: 'own', act: () => removeOtherLengths(address, namespace, device) },
    add,
  ];
}

/**
 * The kernel joins the group that a device has as an address, says so by IGMP, and leaves it with the
 * address. Of the scope `host` nobody speaks from it.
 */
function settings(address: IpAddress): string {
  if (!isIpv4(address)) return ' nodad';
  return isMulticast(address) ? ' scope host autojoin' : '';
}

/**
 * The operator's own addresses may be secondary to ours (same subnet, set later). Without this
 * the kernel would remove them together with ours.
 */
function keepSecondaries(
  { place, address }: Address,
  namespace: string | undefined,
  device: string,
): Step[] {
  if (place !== 'gateway' || !isIpv4(address)) return [];
  const path = `net/ipv4/conf/${device}/promote_secondaries`;
  return [{ tool: 'sysctl', namespace, path, value: '1', done: GONE }];
}

/** Takes away our address where it has another prefix length, which is another address to Linux. */
async function removeOtherLengths(
  address: Address,
  namespace: string | undefined,
  device: string,
): Promise<void> {
  const links = await readLinks(namespace);
  const text = formatIp(address.address);
  for (const row of links.find((link) => link.ifname === device)?.addr_info ?? []) {
    const ours = address.place !== 'gateway' || row.metric === ADDRESS_METRIC;
    if (!ours || row.local !== text || row.prefixlen === address.prefixLength) continue;
    await runSuccessfully(
      { file: 'ip', args: ['addr', 'del', `${text}/${row.prefixlen}`, 'dev', device] },
      namespace,
    );
  }
}
