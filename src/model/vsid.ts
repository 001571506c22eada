import { NvgateError } from '../errors.js';

declare const brand: unique symbol;

/**
 * VSID: the 24-bit virtual subnet id, one L2/L3 segment (RFC 7637 section 3.1).
 * 0..4095 (0..0xFFF) are reserved, 16777215 (0xFFFFFF) carries messages between NVEs, and the
 * seed's system starts at 4097; so 4097..16777214 may be given to a subnet.
 */
export type Vsid = number & { readonly [brand]: 'Vsid' };

export const VSID_MIN = 4097;
export const VSID_MAX = 16_777_214;

/** The VSID that NVEs use for messages among themselves; never a tenant's. */
export const VSID_RESERVED = 16_777_215;

/** @throws NvgateError `invalidVsid` */
export function Vsid(value: number): Vsid {
  if (!isVsid(value))
    throw new NvgateError(
      'invalidVsid',
      value === VSID_RESERVED
        ? `VSID ${value} is reserved for messages between NVEs. Choose one of ${VSID_MIN}..${VSID_MAX}.`
        : `VSID ${value} is outside ${VSID_MIN}..${VSID_MAX}. Choose one inside.`,
    );
  return value;
}

export function isVsid(value: number): value is Vsid {
  return Number.isInteger(value) && value >= VSID_MIN && value <= VSID_MAX;
}
