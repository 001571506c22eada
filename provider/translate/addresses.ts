import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';

/** @throws NvgateError `invalidAddress` */
export function parseCustomerAddress(text: string): CustomerAddress {
  return CustomerAddress(parseIp(text));
}

/** @throws NvgateError `invalidAddress` */
export function parseProviderAddress(text: string): ProviderAddress {
  return ProviderAddress(parseIpv4(text));
}
