import type { ProviderAddressRecord } from '../../src/model/provider-address.js';
import { formatIp } from '../../src/net/ip.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { ProviderAddressSchema, type ProviderAddressDocument } from '../schemas.js';
import { parseProviderAddress } from './addresses.js';
import { readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(ProviderAddressSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.providerAddress);

export function providerAddressReader(defaultInterface: string): NounReader<ProviderAddressRecord> {
  return (value, problems) => {
    const shaped = hasShape(value, problems);
    if (!isObject(value)) return undefined;
    const address = readText(problems, '/address', parseProviderAddress, value['address']);
    if (!shaped || address === undefined) return undefined;
    return {
      address,
      prefixLength: value.prefixLength,
      interface: value.interface ?? defaultInterface,
    };
  };
}

/** What names a provider address. */
export type ProviderAddressIdentity = Pick<ProviderAddressRecord, 'address'>;

export const readProviderAddressIdentity: NounReader<ProviderAddressIdentity> = (
  value,
  problems,
) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const address = readText(problems, '/address', parseProviderAddress, value['address']);
  return address === undefined ? undefined : { address };
};

export function formatProviderAddress(record: ProviderAddressRecord): ProviderAddressDocument {
  return {
    address: formatIp(record.address),
    prefixLength: record.prefixLength,
    interface: record.interface,
  };
}
