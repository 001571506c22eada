import type {
  AuthenticationTransformation,
  CipherTransformation,
  QuickMode,
} from '../../model/ipsec.js';

const IPV4 = 20;
const UDP = 8;
/** RFC 2661 section 3.1, with length, Ns and Nr: a peer may send them all. */
const L2TP = 12;
/** Address, control and protocol (RFC 1661, 1662). */
const PPP = 4;

/**
 * The largest packet that a PPP link in L2TP carries without making more than one of the outer
 * network: IPv4, UDP (a NAT may be in between), ESP, UDP, L2TP and PPP around it.
 * @param outer bytes of IP packet that the external device carries
 */
export function l2tpMtu(outer: number, quickMode: QuickMode): number {
  return espPayload(outer - IPV4 - UDP, quickMode) - UDP - L2TP - PPP;
}

/** RFC 2637 section 4.1, with sequence and acknowledgment number. */
const ENHANCED_GRE = 16;
/** RFC 3078 section 3: another protocol number and the coherency count. */
const MPPE = 4;

/** As `l2tpMtu`: IPv4, GRE, PPP and MPPE. */
export function pptpMtu(outer: number): number {
  return outer - IPV4 - ENHANCED_GRE - PPP - MPPE;
}

/** SPI, sequence number (RFC 4303). */
const ESP_HEADER = 8;
/** Pad length, next header. */
const ESP_TRAILER = 2;

/** What fits into an ESP packet of so many bytes, in transport mode. */
function espPayload(bytes: number, quickMode: QuickMode): number {
  const cipher = quickMode.cipherTransformationConstant;
  const { initializationVector, block } = CIPHERS[cipher];
  const checkValue = CHECK_VALUES[quickMode.authenticationTransformationConstant];
  const encrypted = bytes - ESP_HEADER - initializationVector - checkValue;
  return Math.floor(encrypted / block) * block - ESP_TRAILER;
}

interface CipherSizes {
  readonly initializationVector: number;
  readonly block: number;
}

const CBC_AES: CipherSizes = { initializationVector: 16, block: 16 };
const CBC_DES: CipherSizes = { initializationVector: 8, block: 8 };
const GCM: CipherSizes = { initializationVector: 8, block: 4 };

const CIPHERS: Readonly<Record<CipherTransformation, CipherSizes>> = {
  None: { initializationVector: 0, block: 4 },
  DES: CBC_DES,
  DES3: CBC_DES,
  AES128: CBC_AES,
  AES192: CBC_AES,
  AES256: CBC_AES,
  GCMAES128: GCM,
  GCMAES192: GCM,
  GCMAES256: GCM,
};

const CHECK_VALUES: Readonly<Record<AuthenticationTransformation, number>> = {
  MD596: 12,
  SHA196: 12,
  SHA256128: 16,
  SHA384192: 24,
  SHA512256: 32,
  GCMAES128: 16,
  GCMAES192: 16,
  GCMAES256: 16,
};
