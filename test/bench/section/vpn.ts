import { interleave } from '../interleave.js';
import { transfer } from '../load/tcp.js';
import { attempt, type RunContext } from '../run-context.js';
import { createIpsecPair, createIpsecThroughNvgate, type Tunnelled } from '../topology/ipsec.js';

const CREATE = { ipsecPlain: createIpsecPair, ipsec: createIpsecThroughNvgate } as const;
type Subject = keyof typeof CREATE;

/** Four TCP streams through an IPsec tunnel that nvgate holds, and through one between two routers. */
export async function measureVpn(context: RunContext): Promise<void> {
  const { extent, measurements, say } = context;
  const made = new Map<Subject, Tunnelled>();
  try {
    for (const subject of Object.keys(CREATE) as Subject[])
      if (context.wants(subject))
        await attempt(context, subject, async () => {
          made.set(subject, await CREATE[subject]());
        });
    const rounds = Math.ceil(extent.rounds / 2);
    await interleave(context, [...made.keys()], rounds, 'tcp4', async (subject, round) => {
      const tunnelled = made.get(subject);
      if (tunnelled === undefined) return;
      const seconds = Math.max(1, extent.seconds * 2);
      const { gbitPerSecond } = await transfer(tunnelled.ends, { streams: 4, seconds });
      if (round === 0) return;
      measurements.record(subject, 'tcp4', gbitPerSecond);
      say(`${subject}: ${gbitPerSecond.toFixed(3)} Gbit/s, ESP in ${tunnelled.esp}`);
    });
  } finally {
    for (const tunnelled of made.values()) await tunnelled.remove();
  }
}
