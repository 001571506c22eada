import type { ProviderAddress } from './addresses.js';

/** A tunnel end point address of the gateway itself (New-NetVirtualizationProviderAddress). */
export interface ProviderAddressRecord {
  readonly address: ProviderAddress;
  /** 0..32 */
  readonly prefixLength: number;
  /** Name of an underlay device in the configuration. */
  readonly interface: string;
}
