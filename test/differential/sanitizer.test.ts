import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShortWay } from '../fuzz/packets/short-way.js';
import { openPackets, type Program } from '../fuzz/packets/target.js';
import { SOURCES } from '../fuzz/sanitizer/build.js';
import { underSanitizers } from '../fuzz/sanitizer/sanitized-execution.js';
import type { OpenTarget } from '../fuzz/target.js';
import { createBpfLab } from '../support/bpf-lab.js';
import { createShortWayLab } from '../support/short-way-lab.js';

const SEED = 7637;
const OBJECT = 'dist/bpf/nvgate.bpf.o';
/**
 * Each mistake below shows within a part of that; in the programs as they are the fuzz run of `npm test`
 * finds nothing in as many.
 */
const PACKETS = 20_000;

/** One line of the packet path, as somebody might have got it wrong. */
interface Mistake {
  readonly packets: Program | 'shortWay';
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly found: RegExp;
}

const MISTAKES: readonly (readonly [string, Mistake])[] = [
  [
    'bytes behind the end',
    {
      packets: 'decap',
      file: 'packet.h',
      right: 'if (data + offset + length > PACKET_POINTER(skb, data_end)) {',
      wrong: 'if (data + offset + length > PACKET_POINTER(skb, data_end) + 4) {',
      found: /AddressSanitizer: heap-buffer-overflow/,
    },
  ],
  [
    'a pointer from before the packet moved',
    {
      packets: 'decap',
      file: 'path_mtu.h',
      right: 'note_path_mtu(peer, mtu, router)',
      wrong: 'note_path_mtu(peer, mtu, router | outer->saddr)',
      found: /AddressSanitizer: heap-use-after-free/,
    },
  ],
  [
    'a field behind the end of a map’s value',
    {
      packets: 'encap',
      file: 'encap.h',
      right: 'target->vsid = route->vsid;',
      wrong: 'target->vsid = (&route->vsid)[1];',
      found: /AddressSanitizer: heap-buffer-overflow/,
    },
  ],
  [
    'an index behind the end of an array',
    {
      packets: 'encap',
      file: 'spread.h',
      right: 'if (copy >= hosts->hosts || copy >= REPLICATION_MAX)',
      wrong: 'if (copy >= hosts->hosts && copy <= REPLICATION_MAX)',
      found: /runtime error: index \d+ out of bounds/,
    },
  ],
  [
    'a length that gets smaller than nothing',
    {
      packets: 'decap',
      file: 'decap.h',
      right: 'if (packet.total_length < OVERLAY_LENGTH) {',
      wrong: 'if (packet.total_length < OVERLAY_LENGTH - 14) {',
      found: /runtime error: implicit conversion/,
    },
  ],
  [
    'a pointer from before the packet was rewritten',
    {
      packets: 'decap',
      file: 'rewrite.h',
      right: 'return bpf_redirect_peer(domain, 0);',
      wrong: 'return bpf_redirect_peer(domain + ip->ttl, 0);',
      found: /AddressSanitizer: heap-use-after-free/,
    },
  ],
  [
    'a word behind the end of a question to the routes',
    {
      packets: 'shortWay',
      file: 'short_way.h',
      right: 'for (int i = 0; i < WAY_WORDS; i++)',
      wrong: 'for (int i = 0; i <= WAY_WORDS; i++)',
      found: /runtime error: index 6 out of bounds/,
    },
  ],
];

// Some compile for longer than they run; on a busy machine either takes its time.
describe('sanitizers', { timeout: 300_000 }, () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'nvgt-sanitizer-test-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it.each(MISTAKES)('find %s', async (_, { packets, file, right, wrong, found }) => {
    const sources = mkdtempSync(join(directory, 'sources-'));
    cpSync(SOURCES, sources, { recursive: true });
    const text = readFileSync(join(sources, file), 'utf8');
    expect(text).toContain(right);
    writeFileSync(join(sources, file), text.replace(right, wrong));
    await expect(firstFinding(packets, sources)).resolves.toMatch(found);
  });
});

async function openFuzz(packets: Mistake['packets'], sources: string): Promise<OpenTarget> {
  const execute = underSanitizers(sources);
  return packets === 'shortWay'
    ? openShortWay(SEED, await createShortWayLab(OBJECT, execute))
    : openPackets(packets, SEED, await createBpfLab(OBJECT, execute));
}

/** What stops the fuzz of the programs that is built from these sources. */
async function firstFinding(program: Mistake['packets'], sources: string): Promise<string> {
  const packets = await openFuzz(program, sources);
  try {
    for (let index = 0; index < PACKETS; index += 1) {
      const outcome = await packets.run(index);
      if (outcome !== undefined) return outcome.what;
    }
    return packets.finish()?.what ?? 'nothing';
  } catch (error) {
    return String(error);
  } finally {
    await packets.close();
  }
}
