import { KEEP_SECRET, Secret } from '../../src/model/secret.js';

/** A secret that a document leaves out stays what it was. */
export function readSecret(value: unknown): Secret {
  return typeof value === 'string' ? new Secret(value) : KEEP_SECRET;
}
