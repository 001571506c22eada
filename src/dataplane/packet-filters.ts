import { NvgateError } from '../errors.js';
import { attachedProgram, attachFilter, detachFilter } from './bpf/filter.js';
import { mapId } from './bpf/map-layout.js';
import { programIdentity, type ProgramIdentity } from './bpf/program.js';
import { PROGRAM_NAMES, type LoadedObject, type ProgramName } from './bpf/object.js';
import type { Device, Filter } from './kernel-object.js';
import type { LinkIndex } from './kernel.js';
import type { Scope } from './port.js';

/** Our programs on devices of the gateway's namespace. */
export interface PacketFilters {
  /** Those of this very object: its instructions, working with its maps. */
  observe(links: LinkIndex, scope: Scope): Filter[];
  /**
   * Puts the program of this object on the device, in one step where there is another one.
   * @param isComplete whether the maps of this object have all that the policy says
   * @throws NvgateError where a program that works with other maps has to stay until they have
   */
  attach(filter: Filter, links: LinkIndex, isComplete: boolean): void;
  detach(filter: Filter, links: LinkIndex): void;
  /** Whether no device has a program of another object. */
  haveAllCome(links: LinkIndex): boolean;
}

/** Configured names of the devices that lead out of the gateway. */
export interface OuterDevices {
  readonly underlay: readonly string[];
  readonly external: readonly string[];
}

export function createPacketFilters(object: LoadedObject, devices: OuterDevices): PacketFilters {
  const pinned = new Set(Object.values(object.maps).map(mapId));
  const identities = new Map(
    PROGRAM_NAMES.map((name) => [name, programIdentity(object.programs[name])] as const),
  );

  function hasOurMaps(attached: ProgramIdentity, program: ProgramName): boolean {
    const wanted = identities.get(program)?.maps ?? [];
    return wanted.every((id) => !pinned.has(id) || attached.maps.includes(id));
  }

  function isOurs(attached: ProgramIdentity, program: ProgramName): boolean {
    return attached.tag === identities.get(program)?.tag && hasOurMaps(attached, program);
  }

  return {
    observe: (links, scope) =>
      placesFor(links, devices, scope).flatMap(({ filter, ifindex }) => {
        const attached = attachedProgram(ifindex);
        return attached !== undefined && isOurs(attached, filter.program) ? [filter] : [];
      }),
    attach(filter, links, isComplete) {
      const ifindex = filterIndex(filter, links);
      if (ifindex === undefined)
        throw new NvgateError('kernelOperationFailed', 'The device for the filter is not there.');
      const attached = isComplete ? undefined : attachedProgram(ifindex);
      if (attached !== undefined && !hasOurMaps(attached, filter.program))
        throw new NvgateError(
          'kernelOperationFailed',
          'The program of the build or configuration before this one stays, as the tables for the new one could not be filled. Mend what else has failed.',
        );
      attachFilter(ifindex, object.programs[filter.program]);
    },
    detach(filter, links) {
      const ifindex = filterIndex(filter, links);
      if (ifindex !== undefined) detachFilter(ifindex);
    },
    haveAllCome: (links) =>
      placesFor(links, devices, 'all').every(({ filter, ifindex }) => {
        const attached = attachedProgram(ifindex);
        return attached === undefined || isOurs(attached, filter.program);
      }),
  };
}

interface FilterPlace {
  readonly filter: Filter;
  readonly ifindex: number;
}

/** Where filters of ours may be. */
function placesFor(
  links: LinkIndex,
  { underlay, external }: OuterDevices,
  scope: Scope,
): FilterPlace[] {
  const places: FilterPlace[] = [];
  const add = (device: Device, program: ProgramName, ifindex: number): void => {
    places.push({ filter: { kind: 'filter', device, program }, ifindex });
  };
  if (scope === 'all' || scope.gateway)
    for (const [names, program] of [
      [underlay, 'decap'],
      [external, 'inbound'],
    ] as const)
      for (const name of names) {
        const ifindex = links.configured.get(name);
        if (ifindex !== undefined) add({ kind: 'configured', name }, program, ifindex);
      }
  for (const [peers, device, program] of [
    [links.vnetPeers, 'vnet', 'encap'],
    [links.extPeers, 'ext', 'outbound'],
  ] as const)
    for (const [domain, ifindex] of peers)
      if (scope === 'all' || scope.domains.has(domain))
        add({ kind: 'peer', domain, device }, program, ifindex);
  return places;
}

function filterIndex(filter: Filter, links: LinkIndex): number | undefined {
  switch (filter.device.kind) {
    case 'configured':
      return links.configured.get(filter.device.name);
    case 'peer': {
      const { device, domain } = filter.device;
      return (device === 'vnet' ? links.vnetPeers : links.extPeers).get(domain);
    }
    case 'domain':
    case 'tunnel':
      return undefined;
  }
}
