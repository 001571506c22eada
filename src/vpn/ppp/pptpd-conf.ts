import { formatIp, type Ipv4 } from '../../net/ip.js';
import { pptpdName, seenPath } from './place.js';

/** Callers at once: what anybody who can reach the port may make the gateway spend on PPTP. */
const MOST_CALLERS = 40;

/** pptpd.conf(5) */
export function pptpdConf(localAddress: Ipv4): string {
  return [
    '# Written by nvgate.',
    `listen ${formatIp(localAddress)}`,
    `option ${seenPath(`${pptpdName(localAddress)}.options`)}`,
    `connections ${MOST_CALLERS}`,
    // pptpd counts callers by addresses that it hands out. Those of a link come with its secret,
    // and take the place of these.
    'localip 192.0.2.254',
    `remoteip 192.0.2.1-${MOST_CALLERS}`,
    '',
  ].join('\n');
}
