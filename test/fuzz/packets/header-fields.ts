/** Where a 16-bit word of a header stands in a frame, and values of it that something hangs on. */
export interface HeaderField {
  readonly at: number;
  readonly values: readonly number[];
}

const ETHER_TYPES = [0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x6558, 0x0000];
const LENGTHS = [0, 19, 20, 23, 24, 27, 28, 40, 41, 42, 43, 61, 62, 82, 576, 0x7fff, 0xffff];
const FRAGMENTS = [0, 0x4000, 0x2000, 0x8000, 0x0001, 0x1fff, 0x6000];

/** An IPv4 or IPv6 header that starts `at` this offset behind its Ethernet type. */
function ipFields(at: number): HeaderField[] {
  return [
    { at: at - 2, values: ETHER_TYPES },
    { at, values: [0x4500, 0x4503, 0x4600, 0x4f00, 0x4400, 0x5500, 0x6000, 0x6030, 0x0500] },
    { at: at + 2, values: LENGTHS },
    { at: at + 4, values: LENGTHS },
    { at: at + 6, values: [...FRAGMENTS, 0x3a00, 0x3aff, 0x3a01, 0x11ff] },
    { at: at + 8, values: [0x402f, 0x4001, 0x0101, 0x0001, 0x0006, 0x0211, 0xff06] },
    { at: at + 10, values: [0, 0xffff] },
    { at: at + 12, values: [0xe000, 0xffff, 0xc0a8, 0] },
    { at: at + 16, values: [0xe000, 0xffff, 0xc0a8, 0] },
    { at: at + 24, values: [0xff02, 0xfe80, 0] },
  ];
}

/** Outer IPv4 at 14, GRE at 34, inner Ethernet at 42, inner packet at 56 (N1). */
export const UNDERLAY_FIELDS: readonly HeaderField[] = [
  ...ipFields(14),
  { at: 34, values: [0x2000, 0x2001, 0x2080, 0x3000, 0xa000, 0x0000, 0xb000, 0x2008, 0x6000] },
  { at: 36, values: [0x6558, 0x0800, 0x880b, 0x0000] },
  { at: 38, values: [0x0000, 0x0010, 0xffff, 0x1388] },
  { at: 40, values: [0x0000, 0x00ff, 0xffff, 0xfe00, 0x8900] },
  { at: 42, values: [0x0100, 0xffff, 0x0000] },
  ...ipFields(56),
  // ICMP behind the outer header, and what it sends back.
  { at: 34, values: [0x0304, 0x0303, 0x030a, 0x0b00] },
  { at: 40, values: [0, 68, 575, 576, 1400, 0xffff] },
  ...ipFields(42),
  // Behind an inner IPv4 and an inner IPv6 header: ICMP, neighbour discovery.
  { at: 76, values: [0x030a, 0x0304, 0x0800] },
  { at: 96, values: [0x8500, 0x8600, 0x8700, 0x8701, 0x8800, 0x8900, 0x8a00, 0x8000] },
  { at: 120, values: [0x0101, 0x0201, 0x0102, 0x0100, 0x0000] },
];

/** An IP packet at 14, or behind a tag at 18. */
export const DOMAIN_FIELDS: readonly HeaderField[] = [
  ...ipFields(14),
  ...ipFields(18),
  { at: 54, values: [0x8500, 0x8600, 0x8700, 0x8800, 0x8900, 0x8a00, 0x8000] },
  { at: 58, values: [0x8500, 0x8900] },
];
