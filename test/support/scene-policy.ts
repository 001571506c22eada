import type {
  ConnectionDocument,
  PolicyDocument,
  RoutingDomainDocument,
} from '../../provider/schemas.js';
import {
  EXTERNAL,
  initialPlacement,
  PROVIDER_ADDRESSES,
  TENANTS,
  vmPlan,
  VM_NAMES,
  type Placement,
  type TenantName,
} from './scene-plan.js';

export interface ScenePolicyOptions {
  /** Where the VMs are; as the scene begins where absent. */
  readonly placement?: Placement;
  readonly ipv6?: boolean;
}

/**
 * The policy for the standard scene as a controller would push it (the body of PUT /v1/policy):
 * blue is routed to the physical network, red goes out by NAT and publishes a port of red1.
 */
export function scenePolicy(options: ScenePolicyOptions = {}): PolicyDocument {
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: [
      { address: PROVIDER_ADDRESSES.gateway, prefixLength: 24, interface: 'underlay' },
    ],
    routingDomains: [
      { ...routingDomain('blue', options), connections: [routedConnection(options)] },
      {
        ...routingDomain('red', options),
        connections: [
          natConnection('internet', EXTERNAL.natAddress, EXTERNAL.publishedVm),
          ...(options.ipv6 === true
            ? [natConnection('internet6', EXTERNAL.natAddress6, EXTERNAL.publishedVm6)]
            : []),
        ],
      },
    ],
  };
}

function routingDomain(tenant: TenantName, options: ScenePolicyOptions): RoutingDomainDocument {
  const { placement = initialPlacement(), ipv6 = false } = options;
  const { routingDomain: id, subnets } = TENANTS[tenant];
  const prefixesOf = ({ prefix, prefix6 }: (typeof subnets)[number]): string[] =>
    ipv6 ? [prefix, prefix6] : [prefix];
  return {
    id,
    name: tenant,
    virtualSubnets: subnets.map((subnet) => ({
      vsid: subnet.vsid,
      prefixes: prefixesOf(subnet),
      gateway: { address: subnet.gateway, macAddress: subnet.gatewayMac },
    })),
    lookupRecords: VM_NAMES.filter((name) => name.startsWith(tenant)).flatMap((vmName) => {
      const { vsid, macAddress, addresses } = vmPlan(vmName, ipv6);
      const providerAddress = PROVIDER_ADDRESSES[placement[vmName]];
      return addresses.map(({ customerAddress }) => ({
        ...{ vsid, customerAddress, macAddress, providerAddress },
        ...{ rule: 'encap', type: 'static', vmName },
      }));
    }),
    customerRoutes: subnets.flatMap((subnet) =>
      prefixesOf(subnet).map((destinationPrefix) => ({
        vsid: subnet.vsid,
        destinationPrefix,
        nextHop: destinationPrefix.includes(':') ? '::' : '0.0.0.0',
        metric: 255,
      })),
    ),
  };
}

function routedConnection({ ipv6 = false }: ScenePolicyOptions): ConnectionDocument {
  const { physicalPrefix, physicalPrefix6 } = EXTERNAL;
  return {
    id: 'corp',
    type: 'routed',
    routes: [physicalPrefix, ...(ipv6 ? [physicalPrefix6] : [])].map((destinationPrefix) => ({
      destinationPrefix,
      metric: 10,
    })),
  };
}

function natConnection(
  id: string,
  externalAddress: string,
  internalAddress: string,
): ConnectionDocument {
  return {
    ...{ id, type: 'nat', externalAddress },
    rules: [
      {
        name: 'web',
        protocol: 'tcp',
        externalPort: EXTERNAL.publishedPort,
        internalAddress,
        internalPort: 80,
      },
    ],
  };
}
