/** Test files that run together in one boot of the guest. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  /** Short enough for every run of all tests; the others run where `kernel` is asked for by name. */
  readonly always?: true;
}

/**
 * What runs on a stock kernel: the very tests of other projects, so far as the kernel can make a
 * difference, and those in `suites/`, which need what only a stock kernel has.
 */
export const SUITES: readonly Suite[] = [
  {
    name: 'gateway',
    files: [
      'test/integration/nvgre-frames.test.ts',
      'test/integration/connections-routed.test.ts',
      'test/integration/connections-nat.test.ts',
    ],
  },
  {
    name: 'nvgre-peers',
    always: true,
    files: ['test/kernel/suites/capabilities.test.ts', 'test/kernel/suites/nvgre-peers.test.ts'],
  },
  {
    name: 'tunnel-links',
    always: true,
    files: ['test/kernel/suites/tunnel-links.test.ts'],
  },
  {
    name: 'vpn-ikev2',
    files: ['test/integration/vpn-psk.test.ts', 'test/integration/vpn-restart.test.ts'],
  },
  {
    name: 'vpn-routes',
    files: [
      'test/integration/vpn-same-nets.test.ts',
      'test/integration/vpn-route-based.test.ts',
      'test/integration/vpn-policy-based.test.ts',
      'test/integration/vpn-icmp.test.ts',
    ],
  },
  {
    name: 'vpn-l2tp',
    files: ['test/kernel/suites/vpn-l2tp.test.ts'],
  },
  {
    name: 'vpn-pptp',
    files: ['test/kernel/suites/vpn-pptp.test.ts'],
  },
];

/** Those of every run, and the others. */
export function usualSuites(): { readonly chosen: Suite[]; readonly leftOut: Suite[] } {
  return {
    chosen: SUITES.filter(({ always }) => always === true),
    leftOut: SUITES.filter(({ always }) => always !== true),
  };
}

/**
 * The suites that the names mean, all where there is none: a suite by its name, or its files by
 * part of their path.
 */
export function suitesNamed(names: readonly string[]): Suite[] {
  if (names.length === 0) return [...SUITES];
  return SUITES.map(({ name, files }) => ({
    name,
    files: files.filter((file) => names.some((part) => name === part || file.includes(part))),
  })).filter(({ files }) => files.length > 0);
}
