import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUTHENTICATION_TRANSFORMATIONS,
  CIPHER_TRANSFORMATIONS,
  DEFAULT_QUICK_MODE,
  type QuickMode,
} from '../../../../src/model/ipsec.js';
import { l2tpMtu, pptpMtu } from '../../../../src/vpn/ppp/mtu.js';

const SIZES = {
  None: [0, 4],
  DES: [8, 8],
  DES3: [8, 8],
  AES: [16, 16],
  GCM: [8, 4],
} as const;
const CHECK: Readonly<Record<string, number>> = {
  ...{ MD596: 12, SHA196: 12, SHA256128: 16, SHA384192: 24, SHA512256: 32 },
};

/** Bytes of the outer IP packet around so many bytes of inner one, built from the inside out. */
function outerBytes(inner: number, quickMode: QuickMode): number {
  const cipher = quickMode.cipherTransformationConstant;
  const kind = cipher.startsWith('GCM') ? 'GCM' : cipher.startsWith('AES') ? 'AES' : cipher;
  const [iv, block] = SIZES[kind as keyof typeof SIZES];
  const ppp = inner + 4;
  const udp = ppp + 12 + 8;
  const padded = Math.ceil((udp + 2) / block) * block;
  const check = CHECK[quickMode.authenticationTransformationConstant] ?? 16;
  return 20 + 8 + 8 + iv + padded + check;
}

const quickModes = fc.record({
  cipherTransformationConstant: fc.constantFrom(...CIPHER_TRANSFORMATIONS),
  authenticationTransformationConstant: fc.constantFrom(...AUTHENTICATION_TRANSFORMATIONS),
});

describe('l2tpMtu', () => {
  it('fills the outer packet, and never more', () => {
    fc.assert(
      fc.property(quickModes, fc.integer({ min: 1280, max: 9000 }), (algorithms, outer) => {
        const quickMode = { ...DEFAULT_QUICK_MODE, ...algorithms };
        const mtu = l2tpMtu(outer, quickMode);
        expect(outerBytes(mtu, quickMode)).toBeLessThanOrEqual(outer);
        expect(outerBytes(mtu + 1, quickMode)).toBeGreaterThan(outer);
      }),
    );
  });

  it('is what the RFCs add up to on Ethernet', () => {
    expect(l2tpMtu(1500, DEFAULT_QUICK_MODE)).toBe(1414);
    expect(
      l2tpMtu(1500, {
        ...DEFAULT_QUICK_MODE,
        cipherTransformationConstant: 'AES256',
        authenticationTransformationConstant: 'SHA256128',
      }),
    ).toBe(1398);
  });
});

describe('pptpMtu', () => {
  it('leaves room for IPv4, GRE, PPP and MPPE', () => {
    expect(pptpMtu(1500)).toBe(1456);
  });
});
