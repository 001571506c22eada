import type { ConnectionDocument, PolicyDocument } from '../../provider/schemas.js';
import { ip, type Namespace } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import type { Controller } from '../support/provider-client.js';
import type { TenantLab } from '../support/tenant-lab.js';
import { createVpnLab, expectGateway, ikev2 } from '../support/vpn-lab.js';

/** VM networks that are struck. Red has NAT and a tunnel to an office, blue is routed. */
export const VICTIMS = ['red', 'blue'] as const;
/** VM networks that must notice nothing. Cyan is routed, pink has NAT and red's addresses. */
export const WITNESSES = ['cyan', 'pink'] as const;
export type Victim = (typeof VICTIMS)[number];
export type Name = Victim | (typeof WITNESSES)[number];

/** External addresses that only victims use. */
export const RED_ADDRESSES = ['203.0.113.10', '203.0.113.11'] as const;
const PINK_ADDRESS = '203.0.113.20';

const PSK = { method: 'psk', secret: 'whatever happens' } as const;

export interface Scene {
  readonly lab: TenantLab;
  readonly controller: Controller;
  readonly office: Office;
  readonly vm: (name: Name) => Namespace;
  readonly domain: (name: Name) => Namespace;
  /** The policy that is to hold in the end. */
  readonly policy: PolicyDocument;
  /** Others that may be pushed on the way; witnesses are the same in all of them. */
  readonly others: readonly PolicyDocument[];
}

export async function createScene(): Promise<Scene> {
  const {
    tenants: lab,
    controller,
    ...vpn
  } = await createVpnLab(
    { red: '192.168.1', blue: '192.168.2', cyan: '192.168.3', pink: '192.168.1' },
    { reconcileIntervalSeconds: 2 },
  );
  for (const network of ['192.168.2.0/24', '192.168.3.0/24'])
    await ip(lab.external.host, `route add ${network} via ${lab.external.gatewayAddress}`);
  const office = await vpn.addOffice({ label: 'redoffice', lan: '192.168.201' });
  const [natAddress, tunnelAddress] = RED_ADDRESSES;
  await expectGateway(office, PSK, { remoteAddress: tunnelAddress });
  await office.charon.start();

  const nat = (externalAddress: string): ConnectionDocument => ({
    ...{ id: 'internet', type: 'nat', externalAddress },
  });
  const routed: ConnectionDocument = {
    ...{ id: 'corp', type: 'routed', routes: [{ destinationPrefix: '203.0.113.0/24' }] },
  };
  const tunnel = ikev2(office, PSK, { sourceAddress: tunnelAddress });
  const witnesses = { cyan: [routed], pink: [nat(PINK_ADDRESS)] };
  const policy = lab.policy({ red: [nat(natAddress), tunnel], blue: [routed], ...witnesses });
  const scene: Scene = {
    ...{ lab, controller, office, policy },
    vm: (name) => lab.tenant(name).vm,
    domain: (name) => lab.domainNamespace(name),
    others: [
      policy,
      lab.policy({ red: [nat(natAddress)], blue: [], ...witnesses }),
      lab.policy({ red: [tunnel], blue: [nat(natAddress)], ...witnesses }),
      lab.policy({ blue: [routed], ...witnesses }),
      lab.policy(witnesses),
    ],
  };
  await controller.client.replacePolicy(policy, { waitSeconds: 60 });
  await lab.host.warm('10.1.1.40');
  return scene;
}
