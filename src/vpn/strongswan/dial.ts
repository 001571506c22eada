import { messageOf } from '../../errors.js';
import { ViciError, type ViciClient } from '../vici/session.js';
import { readSnapshot, type SeenSa } from './snapshot.js';

/**
 * Milliseconds in which a peer has to say something. charon asks at 0, 2 and 5 seconds; a new try
 * is no worse than its next one, and starts with fresh addresses and proposals.
 */
const ANSWER_TIMEOUT = 5_500;
/** Milliseconds in which a peer that talks has to be done: many may come up at once. */
const DONE_TIMEOUT = 20_000;

/** How one try has ended; whether the tunnel is up, `list-sas` says. */
export type DialOutcome =
  { readonly kind: 'done' } | { readonly kind: 'failed'; readonly log: readonly string[] };

/**
 * Calls the peer of a connection, once, and leaves nothing half made.
 * @throws NvgateError `timedOut` or `vpnDaemonFailed` when charon itself does not answer
 */
export async function dial(vici: ViciClient, name: string): Promise<DialOutcome> {
  try {
    await vici.run(
      'initiate',
      { ike: name, child: name, timeout: String(ANSWER_TIMEOUT) },
      { timeoutMs: ANSWER_TIMEOUT + 5_000 },
    );
    return { kind: 'done' };
  } catch (error) {
    if (!(error instanceof ViciError)) throw error;
    return { kind: 'failed', log: error.log.length === 0 ? [messageOf(error)] : error.log };
  }
}

/**
 * Our IKE SAs that still try although their time is over: peers that do not answer, or do not come
 * to an end.
 * @param ageMs milliseconds for which an SA has been seen
 */
export function hanging(sas: readonly SeenSa[], ageMs: (sa: SeenSa) => number): SeenSa[] {
  return sas.filter(
    (sa) =>
      sa.initiator &&
      (sa.state === 'CONNECTING' || sa.state === 'CREATED') &&
      ageMs(sa) >= (sa.answered ? DONE_TIMEOUT : ANSWER_TIMEOUT),
  );
}

/** Ends IKE SAs without waiting for anybody. */
export async function end(vici: ViciClient, sas: readonly SeenSa[]): Promise<void> {
  for (const { uniqueId } of sas)
    try {
      await vici.run('terminate', { 'ike-id': String(uniqueId), force: 'yes', timeout: '-1' });
    } catch (error) {
      if (!(error instanceof ViciError)) throw error; // It has ended by itself.
    }
}

export async function listAssociations(vici: ViciClient): Promise<SeenSa[]> {
  return readSnapshot(await vici.stream('list-sas', 'list-sa', {}, { timeoutMs: 5_000 }));
}
