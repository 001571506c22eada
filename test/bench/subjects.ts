import { createDirect, createNvgreDirect } from './topology/direct.js';
import { createNvgate } from './topology/nvgate.js';
import { createOvs, ovsMissing } from './topology/ovs.js';
import type { Topology } from './topology/path.js';
import { createPlain } from './topology/plain.js';
import { NETWORKS } from './topology/plan.js';
import { createVxlan, vxlanMissing } from './topology/vxlan.js';

/** nvgate has three network namespaces between the two ends: underlay side, VM network, outside. */
const SAME_HOPS = 3;

/** What can stand between the two ends. */
export const TOPOLOGIES = {
  direct: { create: createDirect },
  nvgreDirect: { create: createNvgreDirect },
  plain: { create: () => createPlain({ routers: 1 }) },
  plainSameHops: { create: () => createPlain({ routers: SAME_HOPS }) },
  plainMasquerade: { create: () => createPlain({ routers: SAME_HOPS, masquerade: true }) },
  vxlan: { create: createVxlan, missing: vxlanMissing },
  ovs: { create: createOvs, missing: ovsMissing },
  routed: { create: () => createNvgate('routed', NETWORKS) },
  routedSteered: { create: () => createNvgate('routed', NETWORKS, 'auto') },
  nat: { create: () => createNvgate('nat', 1) },
} as const satisfies Record<string, TopologyKind>;

interface TopologyKind {
  readonly create: () => Promise<Topology>;
  /** Why this machine cannot have it; answers undefined where it can. */
  readonly missing?: () => Promise<string | undefined>;
}

export type TopologyKey = keyof typeof TOPOLOGIES;

export interface Subject {
  readonly title: string;
  /** One sentence for who reads the figures. */
  readonly about: string;
  readonly topology: TopologyKey;
  readonly path: 'out' | 'in' | 'hairpin';
}

/** What is measured and compared. */
export const SUBJECTS = {
  direct: {
    title: 'The ends alone',
    about: 'No gateway at all: what the two ends could do, so that they are known to be faster.',
    ...{ topology: 'direct', path: 'out' },
  },
  nvgreDirect: {
    title: 'The ends alone, NVGRE at the host',
    about: 'No gateway either, NVGRE on the wire: what of a stream’s cost is the hosts’ own.',
    ...{ topology: 'nvgreDirect', path: 'out' },
  },
  plain: {
    title: 'Plain routing',
    about: 'One Linux router in the gateway’s place: the fewest hops that Linux can have.',
    ...{ topology: 'plain', path: 'out' },
  },
  plainSameHops: {
    title: 'Plain routing, same hops',
    about: 'Three Linux routers: as many routing steps as the gateway has, no tunnel.',
    ...{ topology: 'plainSameHops', path: 'out' },
  },
  plainMasquerade: {
    title: 'Plain routing with masquerade',
    about: 'Three Linux routers; the middle one translates addresses.',
    ...{ topology: 'plainMasquerade', path: 'out' },
  },
  vxlan: {
    title: 'Kernel VXLAN',
    about: 'The gateway’s namespaces and routing steps with the kernel’s VXLAN for NVGRE.',
    ...{ topology: 'vxlan', path: 'out' },
  },
  vxlanIn: {
    title: 'Kernel VXLAN, inwards',
    about: 'The same, from the outside to the VM.',
    ...{ topology: 'vxlan', path: 'in' },
  },
  ovs: {
    title: 'Open vSwitch, user space GRE',
    about: 'Open vSwitch ends the tunnel in user space and switches to the outside.',
    ...{ topology: 'ovs', path: 'out' },
  },
  routed: {
    title: 'nvgate, routed',
    about: 'VM to outside: NVGRE ends, the VM network routes.',
    ...{ topology: 'routed', path: 'out' },
  },
  routedSteered: {
    title: 'nvgate, routed, steered',
    about: 'VM to outside with `receiveSteering: auto`: processors share what a device receives.',
    ...{ topology: 'routedSteered', path: 'out' },
  },
  routedIn: {
    title: 'nvgate, routed, inwards',
    about: 'Outside to VM: the VM network routes, NVGRE begins.',
    ...{ topology: 'routed', path: 'in' },
  },
  nat: {
    title: 'nvgate, NAT',
    about: 'VM to outside behind an external address of the VM network.',
    ...{ topology: 'nat', path: 'out' },
  },
  hairpin: {
    title: 'nvgate, VM to VM',
    about: 'From one virtual subnet to another of the same VM network, through the gateway.',
    ...{ topology: 'routed', path: 'hairpin' },
  },
} as const satisfies Record<string, Subject>;

/** Besides the subjects of the tables those of the sections that make their own topologies. */
export type SubjectKey =
  | keyof typeof SUBJECTS
  | 'records10'
  | 'records1000000'
  | 'recordsRandom'
  | 'routesRandom'
  | 'ipsec'
  | 'ipsecPlain';

export type TableSubject = keyof typeof SUBJECTS;

export function isTableSubject(name: string): name is TableSubject {
  return Object.hasOwn(SUBJECTS, name);
}

export function subjectTitle(key: SubjectKey): string {
  return isTableSubject(key) ? SUBJECTS[key].title : OTHER_TITLES[key];
}

const OTHER_TITLES: Readonly<Record<Exclude<SubjectKey, TableSubject>, string>> = {
  records10: 'nvgate, 10 records, one flow',
  records1000000: 'nvgate, 10⁶ records, one flow',
  recordsRandom: 'nvgate, random destinations over 10⁶ records',
  routesRandom: 'Plain routing, random destinations over 10⁵ routes',
  ipsec: 'nvgate, IPsec to an office',
  ipsecPlain: 'Two strongSwan routers, no gateway',
};
