import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { lookupRecordKey } from '../../src/model/lookup-record.js';
import { policyRef } from '../../src/model/policy-ref.js';
import { compareIp } from '../../src/net/ip.js';
import type { ProviderContext } from '../context.js';
import { LookupRecordSchema } from '../schemas.js';
import { formatLookupRecord, readLookupRecordIdentity } from '../translate/lookup-record.js';
import { registerNoun } from './collection.js';
import { DOMAIN_SCOPE } from './noun.js';
import { vsidParam, vsidParams } from './vsid-params.js';

/** /v1/routing-domains/{rdid}/lookup-records */
export function lookupRecords(app: FastifyInstance, context: ProviderContext): void {
  registerNoun(app, context, DOMAIN_SCOPE, {
    kind: 'lookupRecord',
    title: 'lookup record',
    path: 'lookup-records',
    schema: LookupRecordSchema,
    params: { ...vsidParams, ca: Type.String({ description: 'Customer address' }) },
    keyFields: (params) => ({ vsid: vsidParam(params), customerAddress: params['ca'] }),
    readIdentity: readLookupRecordIdentity,
    compare: (a, b) => a.vsid - b.vsid || compareIp(a.customerAddress, b.customerAddress),
    objects: (domain) => domain.lookupRecords.values(),
    find: (domain, { vsid, customerAddress }) =>
      domain.lookupRecords.get(lookupRecordKey(vsid, customerAddress)),
    ref: (record, domain) => policyRef.lookupRecord(domain, record),
    format: formatLookupRecord,
  });
}
