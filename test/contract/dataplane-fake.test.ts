import { createFakeDataPlane } from '../../src/dataplane/fake.js';
import type { KernelObject } from '../../src/dataplane/kernel-object.js';
import { parseIpv4 } from '../../src/net/ip.js';
import { kernelState } from '../support/kernel-state.js';
import { ENVIRONMENT } from '../support/policy-of.js';
import { dataPlaneContract, withTunnels } from './dataplane.js';

/** An address that the operator has given the external device. */
const FOREIGN: KernelObject = {
  kind: 'address',
  place: 'gateway',
  device: { kind: 'configured', name: 'external' },
  address: parseIpv4('203.0.113.1'),
  prefixLength: 24,
};

const DEVICES = new Map(
  [...ENVIRONMENT.underlay, ...ENVIRONMENT.external].map(({ name, mtu }) => [name, mtu]),
);

dataPlaneContract('the fake data plane', () => {
  const dataPlane = createFakeDataPlane({ devices: DEVICES, foreign: [FOREIGN] });
  return Promise.resolve({
    dataPlane,
    environment: withTunnels(ENVIRONMENT, 'kernel'),
    foreign: {
      state: async () => {
        const objects = await dataPlane.observe('all');
        return kernelState(
          objects.filter((object) => object.foreign === true && object.kind !== 'sysctl'),
        ).join('\n');
      },
    },
    dispose: () => Promise.resolve(),
  });
});
