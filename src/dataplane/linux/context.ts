import { NvgateError } from '../../errors.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { Device, Place } from '../kernel-object.js';
import { namespaceName, peerName } from './names.js';

/** Which gateway this is, and where it runs. */
export interface NetworkContext {
  /** Prefix of everything that is ours. */
  readonly instance: string;
  /** Linux devices of the gateway's namespace by their names in the configuration. */
  readonly devices: ReadonlyMap<string, string>;
  /** Path of the gateway's namespace; that of this process where absent. */
  readonly namespace?: string;
}

/** Where iproute2 keeps network namespaces by name. */
export const NAMESPACES = '/run/netns';

export function domainNamespace(context: NetworkContext, domain: RoutingDomainId): string {
  return `${NAMESPACES}/${namespaceName(context.instance, domain)}`;
}

/** Path of a place's namespace; undefined for that of this process. */
export function namespaceOf(context: NetworkContext, place: Place): string | undefined {
  return place === 'gateway' ? context.namespace : domainNamespace(context, place);
}

/**
 * The device's name in the kernel.
 * @throws NvgateError `unknownInterface`
 */
export function linuxDevice(context: NetworkContext, device: Device): string {
  switch (device.kind) {
    case 'domain':
      return device.device;
    case 'tunnel':
      return device.name;
    case 'peer':
      return peerName(context.instance, device.domain, device.device);
    case 'configured': {
      const name = context.devices.get(device.name);
      if (name === undefined)
        throw new NvgateError(
          'unknownInterface',
          `The configuration has no device "${device.name}". Add it under underlay or external.`,
        );
      return name;
    }
  }
}
