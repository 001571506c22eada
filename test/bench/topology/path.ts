import type { Namespace } from '../../support/namespace.js';

/** A device of a namespace. */
export interface Place {
  readonly namespace: Namespace;
  readonly device: string;
}

/** A way for small packets through something, from a generator to a sink that counts. */
export interface Path {
  readonly name: string;
  /** The device that packets come in by: live frames are put there as its driver would. */
  readonly entry: Place;
  /** The other end of its wire, from where a packet socket sends; absent where there is no wire. */
  readonly sender?: Place;
  /** Taken in turns, all of one length. */
  readonly frames: readonly Uint8Array[];
  readonly variation?: AddressVariation;
  /** Generated packets that the sink has received since it was made. */
  received(): number;
}

/** An IPv4 address of every frame is replaced by a random one of a range; live frames only. */
export interface AddressVariation {
  /** Lowest address of the range, as a number. */
  readonly first: number;
  readonly count: number;
  /** Where it stands in the frame. */
  readonly offset: number;
  /** Where the checksum of its IPv4 header stands. */
  readonly checksumOffset: number;
}

/** The two ends of TCP streams and pings. */
export interface Ends {
  /** The side of the VMs. */
  readonly client: Namespace;
  /** Addresses of the VMs, one per VM network. */
  readonly clientAddresses: readonly string[];
  readonly server: Namespace;
  readonly serverAddress: string;
}

/** A gateway, or what stands in its place, between the two ends. */
export interface Topology {
  /** From the VM side to the outside. */
  readonly out: Path;
  /** From the outside to the VM. */
  readonly in?: Path;
  /** VM to VM. */
  readonly hairpin?: Path;
  /** Packets of all VM networks in turns. */
  readonly all?: Path;
  readonly ends?: Ends;
  remove(): Promise<void>;
}
