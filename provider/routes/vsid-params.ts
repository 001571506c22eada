import { Type } from 'typebox';
import type { Params } from './noun.js';

export const vsidParams = {
  vsid: Type.Integer({ description: 'Virtual subnet id, 4097..16777214' }),
} as const;

/** The number in the path; what is not one is passed on, so that it is refused with its text. */
export function vsidParam(params: Params): number | string | undefined {
  const text = params['vsid'];
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : text;
}
