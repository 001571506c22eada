import { ViciError, type ViciClient } from '../vici/session.js';
import { dial, listAssociations } from './dial.js';
import { carryingChildren, newestInterfaceId, type SeenSa } from './snapshot.js';

/**
 * Makes the ESP SAs of a tunnel that is up anew, so that they are the last installed, and only then
 * ends the old ones: no packet is lost.
 * @param before its IKE SAs
 * @returns false when the peer did not agree; all is as it was then
 */
export async function reinstall(
  vici: ViciClient,
  name: string,
  before: readonly SeenSa[],
): Promise<boolean> {
  const outcome = await dial(vici, name);
  if (outcome.kind === 'failed') return false;
  const own = (await listAssociations(vici)).filter((sa) => sa.name === name);
  if ((newestInterfaceId(own) ?? 0) <= (newestInterfaceId(before) ?? 0)) return false;
  for (const { uniqueId } of before.flatMap(carryingChildren))
    try {
      await vici.run('terminate', { 'child-id': String(uniqueId), timeout: '-1' });
    } catch (error) {
      if (!(error instanceof ViciError)) throw error; // It has been rekeyed or ended meanwhile.
    }
  return true;
}
