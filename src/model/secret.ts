import { inspect } from 'node:util';
import { NvgateError } from '../errors.js';

/**
 * Something that must not be seen: a pre-shared key, a private key, a password. It shows itself
 * only to who asks by name; in JSON, logs, templates and dumps it is three stars.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * The text itself, for the store and the process that needs it. Never for an answer or a log.
   * @throws NvgateError `internal` for `KEEP_SECRET`, which has none
   */
  reveal(): string {
    if (isKept(this))
      throw new NvgateError(
        'internal',
        'A secret that a push left out was asked for before the stored one took its place. Report this as a fault of nvgate.',
      );
    return this.#text;
  }

  equals(other: Secret): boolean {
    if (isKept(this) || isKept(other)) return this === other;
    return this.#text === other.#text;
  }

  toJSON(): string {
    return HIDDEN;
  }

  toString(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

const HIDDEN = '***';

/**
 * Stands in a pushed object where the push says nothing, because secrets are never read back: the
 * stored one stays. The policy service puts that in its place before it judges or stores the push.
 */
export const KEEP_SECRET = new Secret('');

/** Whether a secret stands for the one that is stored. */
export function isKept(secret: Secret): boolean {
  return secret === KEEP_SECRET;
}
