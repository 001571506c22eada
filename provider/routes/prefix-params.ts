import { Type } from 'typebox';
import type { Params } from './noun.js';

/** A prefix as two parts of a path: `…/192.168.1.0/24/…`. */
export const prefixParams = {
  destination: Type.String({ description: 'Address of the destination prefix' }),
  length: Type.String({ description: 'Length of the destination prefix' }),
} as const;

export const nextHopParam = { nextHop: Type.String({ description: 'Next hop' }) } as const;

/** The prefix of a path, written as two parts or as one encoded part (`192.168.1.0%2F24`). */
export function prefixParam(params: Params): string {
  return params['prefix'] ?? `${params['destination'] ?? ''}/${params['length'] ?? ''}`;
}
