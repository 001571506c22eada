import { messageOf, NvgateError } from '../../errors.js';
import { CustomerAddress, ProviderAddress } from '../../model/addresses.js';
import type { CustomerRoute } from '../../model/customer-route.js';
import type {
  LookupRecord,
  LookupRecordRule,
  LookupRecordType,
} from '../../model/lookup-record.js';
import type { ProviderRoute } from '../../model/provider-route.js';
import { RoutingDomainId } from '../../model/routing-domain-id.js';
import { Vsid } from '../../model/vsid.js';
import { isUnspecified, parseIp, parseIpv4 } from '../../net/ip.js';
import { parseMac } from '../../net/mac.js';
import { parsePrefix } from '../../net/prefix.js';
import type { CmdletName, ParameterName } from './cmdlet.js';
import type { Report } from './report.js';
import type { Value } from './value.js';

/** One call of a policy cmdlet, its parameters as the script gives them. */
export interface PolicyCall {
  readonly cmdlet: CmdletName;
  readonly line: number;
  readonly values: ReadonlyMap<ParameterName, Value>;
}

export interface HostAddress {
  readonly address: ProviderAddress;
  readonly prefixLength: number;
}

export interface DomainRoute extends CustomerRoute {
  readonly routingDomain: RoutingDomainId;
}

const RULES: Readonly<Record<string, LookupRecordRule>> = {
  translationmethodencap: 'encap',
  translationmethodnat: 'nat',
};
const TYPES: Readonly<Record<string, LookupRecordType>> = {
  static: 'static',
  dynamic: 'dynamic',
  l2only: 'l2only',
  gatewaywildcard: 'gatewayWildcard',
};
const METRIC_MAX = 65_535;

/** New-NetVirtualizationLookupRecord. Undefined when a problem was reported. */
export function readLookupRecord(call: PolicyCall, report: Report): LookupRecord | undefined {
  const read = parameterReader(call, report);
  const vsid = read('VirtualSubnetID', parseVsid);
  const customerAddress = read('CustomerAddress', (text) => CustomerAddress(parseIp(text)));
  const providerAddress = read('ProviderAddress', (text) => ProviderAddress(parseIpv4(text)));
  const macAddress = read('MACAddress', parseMac);
  const rule = read('Rule', oneOf(RULES, 'TranslationMethodEncap or TranslationMethodNat'));
  const type = read('Type', oneOf(TYPES, 'Static, Dynamic, L2Only or GatewayWildcard'), 'static');
  const vmName = read('VMName', (text) => text, '');
  if (plainText(call, 'UseVmMACAddress')?.toLowerCase() === 'true')
    report.note(call.line, 'Left out -UseVmMACAddress: a policy has no place for it.');
  if (
    vsid === undefined ||
    customerAddress === undefined ||
    providerAddress === undefined ||
    macAddress === undefined ||
    rule === undefined ||
    type === undefined ||
    vmName === undefined
  )
    return undefined;
  return {
    vsid,
    customerAddress,
    macAddress,
    providerAddress,
    rule,
    type: isUnspecified(customerAddress) ? 'gatewayWildcard' : type,
    ...(vmName === '' ? {} : { vmName }),
  };
}

/** New-NetVirtualizationCustomerRoute. Undefined when a problem was reported. */
export function readCustomerRoute(call: PolicyCall, report: Report): DomainRoute | undefined {
  const read = parameterReader(call, report);
  const routingDomain = read('RoutingDomainID', RoutingDomainId);
  const vsid = read('VirtualSubnetID', parseVsid);
  const destinationPrefix = read('DestinationPrefix', parsePrefix);
  const nextHop = read('NextHop', parseIp);
  const metric = read('Metric', number(0, METRIC_MAX), 0);
  if (
    routingDomain === undefined ||
    vsid === undefined ||
    destinationPrefix === undefined ||
    nextHop === undefined ||
    metric === undefined
  )
    return undefined;
  return { routingDomain, vsid, destinationPrefix, nextHop, metric };
}

/** New-NetVirtualizationProviderAddress. Undefined when a problem was reported. */
export function readProviderAddress(call: PolicyCall, report: Report): HostAddress | undefined {
  const read = parameterReader(call, report);
  const address = read('ProviderAddress', (text) => ProviderAddress(parseIpv4(text)));
  const prefixLength = read('PrefixLength', number(0, 32));
  if (call.values.has('VlanID'))
    report.note(call.line, 'Left out -VlanID: the underlay device has to be in that VLAN already.');
  if (address === undefined || prefixLength === undefined) return undefined;
  return { address, prefixLength };
}

/** New-NetVirtualizationProviderRoute. Undefined when a problem was reported. */
export function readProviderRoute(call: PolicyCall, report: Report): ProviderRoute | undefined {
  const read = parameterReader(call, report);
  const destinationPrefix = read('DestinationPrefix', parsePrefix);
  const nextHop = read('NextHop', parseIpv4);
  const metric = read('Metric', number(0, METRIC_MAX), 0);
  if (destinationPrefix === undefined || nextHop === undefined || metric === undefined)
    return undefined;
  return { destinationPrefix, nextHop, metric };
}

/** The value of a parameter as plain text, without reporting anything. */
export function plainText(call: PolicyCall, name: ParameterName): string | undefined {
  const value = call.values.get(name);
  return value?.kind === 'text' ? value.text : undefined;
}

/** Reads one parameter after the other; each that cannot be read is a problem of its own. */
function parameterReader(call: PolicyCall, report: Report) {
  return <T>(name: ParameterName, parse: (text: string) => T, missing?: T): T | undefined => {
    const given = call.values.get(name);
    if (given === undefined) {
      if (missing === undefined)
        report.problem(call.line, 'missingField', `-${name} is missing. Add it.`);
      return missing;
    }
    const value = given.kind === 'list' && given.items.length === 1 ? given.items[0] : given;
    if (value?.kind !== 'text') {
      const why = value?.kind === 'unknown' ? `its value ${value.why}` : 'it has several values';
      report.problem(call.line, 'invalidValue', `-${name}: ${why}. Write one plain value.`);
      return undefined;
    }
    try {
      return parse(value.text.normalize('NFKC').trim());
    } catch (error) {
      const code = error instanceof NvgateError ? error.code : 'invalidValue';
      report.problem(call.line, code, `-${name}: ${messageOf(error)}`);
      return undefined;
    }
  };
}

function parseVsid(text: string): Vsid {
  if (!/^\d{1,10}$/.test(text))
    throw new NvgateError('invalidVsid', `"${text}" is not a VSID. Write a number like 5001.`);
  return Vsid(Number(text));
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max))
      throw new NvgateError('invalidValue', `"${text}" is not one of ${min}..${max}.`);
    return value;
  };
}

function oneOf<T>(names: Readonly<Record<string, T>>, expected: string): (text: string) => T {
  return (text) => {
    const key = text.toLowerCase();
    const value = Object.hasOwn(names, key) ? names[key] : undefined;
    if (value === undefined)
      throw new NvgateError('invalidValue', `"${text}" is not known. Write ${expected}.`);
    return value;
  };
}
