import { expect, test } from 'vitest';
import { limitTunnelDevice } from '../../src/dataplane/linux/user-space-ipsec.js';
import { describeWith, noRoot } from '../support/describe-with.js';
import { createNamespace, ip, runIn } from '../support/namespace.js';

describeWith(noRoot, 'user-space ESP', () => {
  test('its device has a limit, also the second time', async () => {
    const namespace = await createNamespace('limited');
    await ip(namespace, 'tuntap add dev ipsec0 mode tun', 'link set ipsec0 up');
    for (let time = 0; time < 2; time++) {
      await limitTunnelDevice(namespace.path, 'ipsec0');
      const qdiscs = await runIn(namespace, 'tc', ['-j', 'qdisc', 'show', 'dev', 'ipsec0']);
      expect(JSON.parse(qdiscs)).toMatchObject([
        { kind: 'tbf', root: true, options: { rate: 150_000_000 / 8 } },
      ]);
    }
    await expect(limitTunnelDevice(namespace.path, 'ipsec1')).rejects.toThrow('ipsec1');
    namespace.remove();
  });
});
