import type { ConnectionStateDocument } from '../../provider/connection-state-schema.js';
import type { Pushed } from '../../provider/client/responses.js';
import type { Ikev2ConnectionDocument } from '../../provider/remote-connection-schemas.js';
import type { ConnectionDocument } from '../../provider/schemas.js';
import { setSysctls, type Namespace } from './namespace.js';
import { createOffice, type LineOptions, type Office, type OfficeOptions } from './office.js';
import { peering, type PeeringOptions } from './office-peering.js';
import { ping } from './ping.js';
import { eventually } from './process.js';
import { createController, type Controller } from './provider-client.js';
import { createTenantLab, type TenantLab, type TenantLabOptions } from './tenant-lab.js';

/** What the connection of each VM network is known as outside, unless a test says otherwise. */
export const SOURCE = '203.0.113.10';
/** For the VM network that a test sets beside it. */
export const OTHER_SOURCE = '203.0.113.11';

/** A gateway with VM networks, as {@link TenantLab} has it, and remote sites on the internet. */
export interface VpnLab {
  readonly tenants: TenantLab;
  readonly controller: Controller;
  /** The router between the gateway's device `external` and the lines of all sites. */
  readonly internet: Namespace;
  /** A free line to the internet: 198.18.N.0/30. */
  line(): LineOptions;
  /** A site on a line of its own; its strongSwan is not started. */
  addOffice(options: Omit<OfficeOptions, 'line'>): Promise<Office>;
  /** Replaces the policy by one with these connections and waits until the kernel has it. */
  push(connections: Readonly<Record<string, readonly ConnectionDocument[]>>): Promise<Pushed>;
  /** The connection of a VM network; `office` where no id is given. */
  tunnel(tenant: string, id?: string): TunnelProbe;
}

/** A remote connection as a controller sees it. */
export interface TunnelProbe {
  state(): Promise<ConnectionStateDocument>;
  /** Resolves with the state when the condition holds. */
  until(
    what: string,
    condition: (state: ConnectionStateDocument) => boolean,
    timeout?: number,
  ): Promise<ConnectionStateDocument>;
  connected(timeout?: number): Promise<ConnectionStateDocument>;
  /** Resolves when it is not connected and its last error has this cause. */
  failed(cause: string, timeout?: number): Promise<ConnectionStateDocument>;
}

/** Milliseconds within which a tunnel is up whose both ends are there. */
const UP_WITHIN = 20_000;

/**
 * @param networks settings and options as {@link createTenantLab} takes them
 */
export async function createVpnLab(
  networks: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, unknown>> = {},
  options: TenantLabOptions = {},
): Promise<VpnLab> {
  const tenants = await createTenantLab(networks, settings, options);
  const internet = tenants.external.host;
  await setSysctls(internet, { 'net/ipv4/ip_forward': '1' });
  await tenants.gateway.start();
  const controller = createController(tenants.namespace, tenants.gateway);
  let lines = 0;

  const line = (): LineOptions => {
    const network = `198.18.${(lines += 1)}`;
    return { upstream: internet, upstreamAddress: `${network}.1`, address: `${network}.2` };
  };
  let warm = false;
  return {
    ...{ tenants, controller, internet, line },
    addOffice: (options) => createOffice({ ...options, line: line() }),
    async push(connections) {
      const pushed = await controller.client.replacePolicy(tenants.policy(connections), {
        waitSeconds: 60,
      });
      // The gateway has its PA by now.
      if (!warm) await tenants.host.warm('10.1.1.40');
      warm = true;
      return pushed;
    },
    tunnel: (tenant, id = 'office') => probe(controller, tenants.tenant(tenant).routingDomain, id),
  };
}

function probe(controller: Controller, routingDomain: string, id: string): TunnelProbe {
  const { connections } = controller.client.routingDomain(routingDomain);
  const state = async (): Promise<ConnectionStateDocument> => {
    const { state: read } = (await connections.get(id)) as { state?: ConnectionStateDocument };
    if (read === undefined) throw new Error(`Connection ${id} shows no state.`);
    return read;
  };
  const until: TunnelProbe['until'] = async (what, condition, timeout = UP_WITHIN) => {
    let last: ConnectionStateDocument | undefined;
    try {
      return await eventually(
        `connection ${id} is ${what}`,
        async () => (condition((last = await state())) ? last : undefined),
        timeout,
      );
    } catch (error) {
      throw new Error(`${String(error)} It is ${JSON.stringify(last)}.`, { cause: error });
    }
  };
  return {
    ...{ state, until },
    connected: (timeout) =>
      until('connected', ({ connection }) => connection === 'connected', timeout),
    failed: (cause, timeout) =>
      until(
        `not up for ${cause}`,
        ({ connection, lastError }) => connection !== 'connected' && lastError?.cause === cause,
        timeout,
      ),
  };
}

/** An IKEv2 connection with the id `office` to the office. */
export function ikev2(
  office: Pick<Office, 'address' | 'prefix'>,
  authentication: Ikev2ConnectionDocument['authentication'],
  others: Partial<Ikev2ConnectionDocument> = {},
): Ikev2ConnectionDocument {
  return {
    ...{ id: 'office', type: 'ikev2', sourceAddress: SOURCE, authentication },
    destinationAddress: office.address,
    deadPeerDetectionSeconds: 2,
    routes: [{ destinationPrefix: office.prefix, metric: 10 }],
    ...others,
  };
}

/** The other end of it: what the office's strongSwan is told. */
export async function expectGateway(
  office: Office,
  authentication: PeeringOptions['authentication'],
  others: Partial<PeeringOptions> = {},
): Promise<void> {
  await office.charon.load(
    peering({
      ...{ remoteAddress: SOURCE, authentication },
      ...{ localSelectors: [office.prefix], remoteSelectors: ['192.168.1.0/24'] },
      ...others,
    }),
  );
}

/** Resolves when the address answers; packets of the first moments may be lost. */
export async function reaches(
  from: Namespace,
  address: string,
  timeout = UP_WITHIN,
): Promise<void> {
  await eventually(
    `${from.label} reaches ${address}`,
    async () =>
      (await ping(from, address, { count: 1, wait: 0.3 })).received === 1 ? true : undefined,
    timeout,
  );
}
