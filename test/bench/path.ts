import type { Namespace } from '../support/namespace.js';

/** A way through something, from a packet generator to a sink that counts. */
export interface Path {
  readonly name: string;
  readonly sender: Namespace;
  /** The sender's device. */
  readonly device: string;
  /** What it sends over and over. */
  readonly frames: readonly Uint8Array[];
  /** Packets that the sink has received since it was made. */
  received(): Promise<number>;
  remove(): Promise<void> | void;
}
