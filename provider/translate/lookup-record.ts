import type { LookupRecord } from '../../src/model/lookup-record.js';
import { Vsid } from '../../src/model/vsid.js';
import { formatIp, isUnspecified } from '../../src/net/ip.js';
import { formatMac, parseMac } from '../../src/net/mac.js';
import { KEY_SCHEMAS } from '../change-schemas.js';
import { LookupRecordSchema, type LookupRecordDocument } from '../schemas.js';
import { parseCustomerAddress, parseProviderAddress } from './addresses.js';
import { readInteger, readText, type NounReader } from './reading.js';
import { isObject, shapeCheck } from './shape.js';

const hasShape = shapeCheck(LookupRecordSchema);
const hasKeyShape = shapeCheck(KEY_SCHEMAS.lookupRecord);

/** What names a lookup record within its routing domain. */
export type LookupRecordIdentity = Pick<LookupRecord, 'vsid' | 'customerAddress'>;

export const readLookupRecord: NounReader<LookupRecord> = (value, problems) => {
  const shaped = hasShape(value, problems);
  if (!isObject(value)) return undefined;
  const vsid = readInteger(problems, '/vsid', Vsid, value['vsid']);
  const customerAddress = readText(
    problems,
    '/customerAddress',
    parseCustomerAddress,
    value['customerAddress'],
  );
  const macAddress = readText(problems, '/macAddress', parseMac, value['macAddress']);
  const providerAddress = readText(
    problems,
    '/providerAddress',
    parseProviderAddress,
    value['providerAddress'],
  );
  if (
    !shaped ||
    vsid === undefined ||
    customerAddress === undefined ||
    macAddress === undefined ||
    providerAddress === undefined
  )
    return undefined;
  const record = {
    vsid,
    customerAddress,
    macAddress,
    providerAddress,
    rule: value.rule ?? 'encap',
    type: value.type ?? (isUnspecified(customerAddress) ? 'gatewayWildcard' : 'static'),
  };
  return value.vmName === undefined ? record : { ...record, vmName: value.vmName };
};

export const readLookupRecordIdentity: NounReader<LookupRecordIdentity> = (value, problems) => {
  hasKeyShape(value, problems);
  if (!isObject(value)) return undefined;
  const vsid = readInteger(problems, '/vsid', Vsid, value['vsid']);
  const customerAddress = readText(
    problems,
    '/customerAddress',
    parseCustomerAddress,
    value['customerAddress'],
  );
  if (vsid === undefined || customerAddress === undefined) return undefined;
  return { vsid, customerAddress };
};

export function formatLookupRecord(record: LookupRecord): LookupRecordDocument {
  return {
    vsid: record.vsid,
    customerAddress: formatIp(record.customerAddress),
    macAddress: formatMac(record.macAddress),
    providerAddress: formatIp(record.providerAddress),
    rule: record.rule,
    type: record.type,
    ...(record.vmName !== undefined && { vmName: record.vmName }),
  };
}
