import type { Problem } from '../../src/errors.js';
import type { SubnetGateway, VirtualSubnet } from '../../src/model/virtual-subnet.js';
import { Vsid } from '../../src/model/vsid.js';
import { formatIp } from '../../src/net/ip.js';
import { formatMac, parseMac } from '../../src/net/mac.js';
import { formatPrefix, parsePrefix, type Prefix } from '../../src/net/prefix.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { VirtualSubnetSchema, type VirtualSubnetDocument } from '../schemas.js';
import { parseCustomerAddress } from './addresses.js';
import { readInteger, readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(VirtualSubnetSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.virtualSubnet);

export const readVirtualSubnet: NounReader<VirtualSubnet> = (value, problems) => {
  const before = problems.length;
  hasShape(value, problems);
  if (!isObject(value)) return undefined;
  const vsid = readInteger(problems, '/vsid', Vsid, value['vsid']);
  const prefixes = readPrefixes(value['prefixes'], problems);
  const gateway = readGateway(value['gateway'], problems);
  if (problems.length > before || vsid === undefined) return undefined;
  return { vsid, prefixes, gateway };
};

/** What names a virtual subnet. */
export type VirtualSubnetIdentity = Pick<VirtualSubnet, 'vsid'>;

export const readVirtualSubnetIdentity: NounReader<VirtualSubnetIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const vsid = readInteger(problems, '/vsid', Vsid, value['vsid']);
  return vsid === undefined ? undefined : { vsid };
};

function readPrefixes(value: unknown, problems: Problem[]): Prefix[] {
  const prefixes: Prefix[] = [];
  if (!Array.isArray(value)) return prefixes;
  for (const [index, text] of value.entries()) {
    const prefix = readText(problems, `/prefixes/${index}`, parsePrefix, text);
    if (prefix !== undefined) prefixes.push(prefix);
  }
  return prefixes;
}

function readGateway(value: unknown, problems: Problem[]): SubnetGateway {
  if (!isObject(value)) return {};
  const address = readText(problems, '/gateway/address', parseCustomerAddress, value['address']);
  const macAddress = readText(problems, '/gateway/macAddress', parseMac, value['macAddress']);
  return {
    ...(address !== undefined && { address }),
    ...(macAddress !== undefined && { macAddress }),
  };
}

export function formatVirtualSubnet(subnet: VirtualSubnet): VirtualSubnetDocument {
  const { address, macAddress } = subnet.gateway;
  return {
    vsid: subnet.vsid,
    prefixes: subnet.prefixes.map(formatPrefix),
    ...((address !== undefined || macAddress !== undefined) && {
      gateway: {
        ...(address !== undefined && { address: formatIp(address) }),
        ...(macAddress !== undefined && { macAddress: formatMac(macAddress) }),
      },
    }),
  };
}
