import { describe, expect, it } from 'vitest';
import type { RoutingDomainClient } from '../../../provider/client/client.js';
import { BLUE, held, RED } from './canned.js';
import { run } from './terminal.js';

async function remove(...words: string[]) {
  const writes: string[] = [];
  const ran = await run(['delete', ...words], {
    client: {
      routingDomains: held(
        { [BLUE]: { id: BLUE, name: 'twin' }, [RED]: { id: RED, name: 'twin' } },
        writes,
      ),
      providerRoutes: held({}, writes),
      routingDomain: (id) => {
        writes.push(`in ${id}`);
        return {
          customerRoutes: held({}, writes),
        } as Partial<RoutingDomainClient> as RoutingDomainClient;
      },
    },
  });
  return { ...ran, writes };
}

describe('delete', () => {
  it('takes one object out of a routing domain', async () => {
    const words = ['customer-routes', '5001/192.168.1.0/24/0.0.0.0', '--routing-domain', BLUE];
    expect(await remove(...words)).toMatchObject({
      exit: 0,
      stdout: 'revision 9\n',
      writes: [`in ${BLUE}`, 'delete 5001/192.168.1.0/24/0.0.0.0'],
    });
  });

  it('takes one object out of the gateway, and waits if told', async () => {
    const { writes, stdout } = await remove(
      'provider-route',
      '0.0.0.0/0/10.1.1.1',
      '--wait',
      '-o',
      'json',
    );
    expect(writes).toEqual(['delete 0.0.0.0/0/10.1.1.1 and wait 30 s']);
    expect(JSON.parse(stdout)).toEqual({ revision: 9, warnings: [] });
  });

  it('takes a routing domain by its id, never by a name that two have', async () => {
    expect((await remove('routing-domain', RED)).writes).toEqual([`delete ${RED}`]);
    const { exit, stderr, writes } = await remove('routing-domain', 'twin');
    expect([exit, writes]).toEqual([2, []]);
    expect(stderr).toContain(BLUE);
  });
});
