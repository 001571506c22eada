import { ROUTE_PROTOCOL } from './names.js';
import type { NetlinkMessage } from './netlink.js';

/*
 * What netlink messages say about things that may be ours (linux/rtnetlink.h,
 * linux/netfilter/nf_tables.h). Nothing is taken from them but where to look: what is there now is
 * read anew, and may differ again by then.
 */

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** RTNLGRP_*: LINK, TC, addresses, routes and rules of both families, NSID, settings. */
export const ROUTE_GROUPS: readonly number[] = [1, 4, 5, 9, 7, 11, 8, 19, 28, 24, 25];
/** NFNLGRP_NFTABLES */
export const NETFILTER_GROUPS: readonly number[] = [7];

/** Where something may have been changed. */
export type Hint =
  /** The numbers of namespaces mean something else than before. */
  | 'numbers'
  | {
      /** Number of the namespace; undefined for the gateway's own. */
      readonly nsid: number | undefined;
      /** Index of the device there; undefined where the message names none. */
      readonly ifindex: number | undefined;
    };

const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  NEWADDR: 20,
  DELADDR: 21,
  NEWROUTE: 24,
  DELROUTE: 25,
  NEWRULE: 32,
  DELRULE: 33,
  NEWQDISC: 36,
  DELQDISC: 37,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  NEWNETCONF: 80,
  NEWNSID: 88,
  DELNSID: 89,
} as const;

/** In struct ifinfomsg, ifaddrmsg and tcmsg alike. */
const IFINDEX = 4;
/** struct rtmsg: the protocol, the attributes behind it; RTA_OIF. */
const ROUTE = { protocol: 5, size: 12, outputDevice: 4 } as const;
/** struct netconfmsg, NETCONFA_IFINDEX. */
const SETTING = { size: 4, device: 1 } as const;
const NLM_F_REPLACE = 0x100;

/** @returns undefined where it is about nothing of ours */
export function routeHint({ type, flags, body, nsid }: NetlinkMessage): Hint | undefined {
  switch (type) {
    case RTM.NEWNSID:
    case RTM.DELNSID:
      return nsid === undefined ? 'numbers' : undefined;
    case RTM.NEWLINK:
    case RTM.DELLINK:
    case RTM.NEWADDR:
    case RTM.DELADDR:
    case RTM.NEWQDISC:
    case RTM.DELQDISC:
    case RTM.NEWTFILTER:
    case RTM.DELTFILTER:
      return body.byteLength < IFINDEX + 4
        ? undefined
        : { nsid, ifindex: body.readInt32LE(IFINDEX) };
    case RTM.NEWROUTE:
    case RTM.DELROUTE: {
      if (body.byteLength < ROUTE.size) return undefined;
      // A route that takes the place of another is told of as the new one alone.
      const replaces = type === RTM.NEWROUTE && (flags & NLM_F_REPLACE) !== 0;
      if (body[ROUTE.protocol] !== ROUTE_PROTOCOL && !replaces) return undefined;
      return { nsid, ifindex: numberOf(attribute(body, ROUTE.size, ROUTE.outputDevice)) };
    }
    case RTM.NEWRULE:
    case RTM.DELRULE:
      return { nsid, ifindex: undefined };
    case RTM.NEWNETCONF:
      return { nsid, ifindex: settingDevice(body) };
    default:
      return undefined;
  }
}

/** Below 0 a setting of all devices, or of those to come. */
function settingDevice(body: Buffer): number | undefined {
  const ifindex = numberOf(attribute(body, SETTING.size, SETTING.device));
  return ifindex === undefined || ifindex < 0 ? undefined : ifindex;
}

/** NFNL_SUBSYS_NFTABLES, in the upper byte of the type */
const NFTABLES = 10;
/** NFT_MSG_NEWGEN: says only that something was said before. */
const NEWGEN = 15;
/** struct nfgenmsg; the table's name is the first attribute of tables, chains, rules and sets. */
const NFTABLES_HEADER = { size: 4, tableName: 1 } as const;

/** @returns undefined where it is not about our table */
export function firewallHint(
  { type, body, nsid }: NetlinkMessage,
  table: string,
): Hint | undefined {
  if (type >> 8 !== NFTABLES || (type & 0xff) === NEWGEN) return undefined;
  const name = attribute(body, NFTABLES_HEADER.size, NFTABLES_HEADER.tableName);
  return name?.toString('latin1').replace(/\0.*$/s, '') === table
    ? { nsid, ifindex: undefined }
    : undefined;
}

/** struct nlattr: length, type (with two flags), then the value, aligned to four bytes. */
const ATTRIBUTE_HEADER = 4;
const TYPE_MASK = 0x3fff;

/** Value of the first attribute of that type. */
function attribute(body: Buffer, from: number, wanted: number): Buffer | undefined {
  for (let at = from; at + ATTRIBUTE_HEADER <= body.byteLength;) {
    const length = body.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > body.byteLength) return undefined;
    if ((body.readUInt16LE(at + 2) & TYPE_MASK) === wanted)
      return body.subarray(at + ATTRIBUTE_HEADER, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

function numberOf(value: Buffer | undefined): number | undefined {
  return value === undefined || value.byteLength < 4 ? undefined : value.readInt32LE();
}
