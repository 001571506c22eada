import { VERDICTS, type DropReason } from './verdict.js';

/**
 * What a peer does wrong that the gateway can see in its packets (N11): the one list that the BPF
 * programs (by the generated `bpf/peer_problem_number.h`), the oracle, the API and the metrics
 * share. A number is what the `peer_problems` map holds: it is never reused.
 */
export interface PeerProblemInfo {
  readonly number: number;
  /** What the peer does, as what follows its name. */
  readonly description: string;
  readonly advice: string;
}

/**
 * Before KB2779768 Windows Server 2012 writes another GRE header than the drafts of RFC 7637 say,
 * and drops theirs. Microsoft has not published which; so every difference may be it.
 */
const OLD_WINDOWS =
  'If it runs Windows Server 2012, install KB2779768 there; else make its NVGRE follow RFC 7637.';

const FRAGMENTED =
  'Lower the MTU of its VMs, or raise that of the underlay: NVGRE must not be fragmented.';

const DAMAGED =
  'Look for a device on the way, or an offload of its network card, that damages packets.';

export const PEER_PROBLEMS = {
  nvgreRefused: {
    number: 1,
    description:
      'refuses the NVGRE that the gateway sends (ICMP type 3 code 10 in VSID 16777215), as hosts with the pre-standard header do',
    advice: OLD_WINDOWS,
  },
  keyUnshifted: {
    number: 2,
    description: 'writes the VSID into the low 24 bits of the GRE key, where the FlowID belongs',
    advice: OLD_WINDOWS,
  },
  truncated: ofVerdict('truncated', 'sends packets that are shorter than they say', DAMAGED),
  outerOptions: ofVerdict(
    'outerOptions',
    'sends NVGRE in IPv4 packets with options',
    'Switch the options off there.',
  ),
  outerChecksum: ofVerdict(
    'outerChecksum',
    'sends packets with a wrong IPv4 header checksum',
    DAMAGED,
  ),
  outerFragment: ofVerdict('outerFragment', 'sends NVGRE in fragments', FRAGMENTED),
  greVersion: ofVerdict('greVersion', 'sends GRE of another version', OLD_WINDOWS),
  greChecksum: ofVerdict('greChecksum', 'sends GRE with a checksum', OLD_WINDOWS),
  greSequence: ofVerdict('greSequence', 'sends GRE with sequence numbers', OLD_WINDOWS),
  greKeyMissing: ofVerdict(
    'greKeyMissing',
    'sends GRE without a key, so without a VSID',
    OLD_WINDOWS,
  ),
  greReserved: ofVerdict('greReserved', 'sets reserved bits in the GRE header', OLD_WINDOWS),
  greProtocol: ofVerdict(
    'greProtocol',
    'sends GRE with another protocol type than 0x6558',
    OLD_WINDOWS,
  ),
  vsidReserved: ofVerdict(
    'vsidReserved',
    'sends in a VSID that no virtual subnet may have (outside 4097..16777214)',
    'Give its virtual subnet another VSID.',
  ),
} as const satisfies Record<string, PeerProblemInfo>;

export type PeerProblem = keyof typeof PEER_PROBLEMS;

export const PEER_PROBLEM_NAMES = Object.keys(PEER_PROBLEMS) as PeerProblem[];

const BY_NUMBER = new Map<number, PeerProblem>(
  PEER_PROBLEM_NAMES.map((name) => [PEER_PROBLEMS[name].number, name]),
);

/** The problem with that number in the `peer_problems` map; undefined for one this build does not know. */
export function peerProblemOf(number: number): PeerProblem | undefined {
  return BY_NUMBER.get(number);
}

/** Where the packet that shows it is dropped for just that. */
function ofVerdict(verdict: DropReason, description: string, advice: string): PeerProblemInfo {
  return { number: VERDICTS[verdict].number, description, advice };
}
