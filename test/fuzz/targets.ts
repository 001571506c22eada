import { apiTarget } from './api/target.js';
import { sanitizedShortWayTarget } from './packets/short-way.js';
import { packetTarget, sanitizedTarget } from './packets/target.js';
import { powershellTarget } from './powershell/target.js';
import type { FuzzTarget } from './target.js';
import { viciTarget } from './vici/target.js';

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  packetTarget('decap', 3),
  packetTarget('encap', 2),
  sanitizedTarget('decap', 1),
  sanitizedTarget('encap', 1),
  sanitizedShortWayTarget(1),
  viciTarget,
  powershellTarget,
  apiTarget,
];
