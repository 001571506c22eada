import { ipJson, ip, runIn } from '../support/namespace.js';
import { createKernelSubject } from '../support/kernel-subject.js';
import { dataPlaneContract, withTunnels } from './dataplane.js';

dataPlaneContract('the kernel data plane', async () => {
  const subject = await createKernelSubject();
  const { namespace, dataPlane } = subject;
  const features = await dataPlane.probe();
  const kernelIpsec = features.some(({ name, available }) => name === 'kernelIpsec' && available);
  const environment = withTunnels(subject.environment, kernelIpsec ? 'kernel' : 'userSpace');
  await ip(
    namespace,
    'address add 203.0.113.2/24 dev external',
    'route add 198.51.100.0/24 dev external',
    'neigh add proxy 203.0.113.77 dev external',
  );
  await runIn(namespace, 'nft', ['add table inet operator']);
  return {
    dataPlane,
    environment,
    foreign: {
      state: async () =>
        JSON.stringify([
          await ipJson(namespace, 'address'),
          await ipJson(namespace, 'route'),
          await ipJson(namespace, 'neigh', 'show', 'proxy'),
          await runIn(namespace, 'nft', ['list', 'tables']),
        ]),
    },
    dispose: () => subject.dispose(),
  };
});
