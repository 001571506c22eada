import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { VpnSupport } from '../../model/vpn-support.js';
import type { LinkSupport } from '../strongswan/links.js';
import { PPPD, PPTP } from './pptp.js';
import { PPTPD } from './pptpd.js';
import { XL2TPD } from './xl2tpd.js';

/** What trying has shown of the kernel. */
export interface PppProbe {
  readonly available: boolean;
  /** Why not, and what to do. */
  readonly reason?: string;
}

/** PPP itself, PPP over L2TP, and MPPE in it. */
export interface PppProbes {
  readonly ppp: PppProbe;
  readonly l2tp: PppProbe;
  readonly mppe: PppProbe;
}

/** Programs, and the Debian packages that have them. */
const PROGRAMS = {
  l2tp: { [PPPD]: 'ppp', [XL2TPD]: 'xl2tpd' },
  pptp: { [PPPD]: 'ppp', [PPTP]: 'pptp-linux', [PPTPD]: 'pptpd' },
} as const;

/** Which links there can be: by what the kernel can do and which programs are installed. */
export async function linkSupport({ ppp, l2tp, mppe }: PppProbes): Promise<LinkSupport> {
  const unavailable: VpnSupport['unavailable'] = {
    ...reason('l2tp', lacking(ppp) ?? lacking(l2tp) ?? (await missing(PROGRAMS.l2tp))),
    ...reason('pptp', lacking(ppp) ?? lacking(mppe) ?? (await missing(PROGRAMS.pptp))),
  };
  return { unavailable, authenticationMethods: ['pap', 'chap', 'mschapv2'] };
}

function reason(type: 'l2tp' | 'pptp', why: string | undefined): VpnSupport['unavailable'] {
  return why === undefined ? {} : { [type]: why };
}

function lacking({ available, reason }: PppProbe): string | undefined {
  return available ? undefined : (reason ?? 'The kernel cannot do it.');
}

async function missing(programs: Readonly<Record<string, string>>): Promise<string | undefined> {
  for (const [path, debianPackage] of Object.entries(programs))
    try {
      await access(path, constants.X_OK);
    } catch {
      return `${path} is not there. Install the package ${debianPackage}.`;
    }
  return undefined;
}
