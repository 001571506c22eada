import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isKept, KEEP_SECRET, Secret } from '../../../src/model/secret.js';

describe('a secret', () => {
  it('shows itself only to who asks', () => {
    const holder = { authentication: { secret: new Secret('open sesame') } };
    const seen = [
      JSON.stringify(holder),
      inspect(holder, { depth: null, showHidden: true }),
      holder.authentication.secret.toString(),
      JSON.stringify(structuredClone(holder)),
      Object.values(holder.authentication.secret).join(),
    ].join();
    expect(seen).not.toContain('sesame');
    expect(holder.authentication.secret.reveal()).toBe('open sesame');
  });

  it('equals one of the same text', () => {
    expect(new Secret('a').equals(new Secret('a'))).toBe(true);
    expect(new Secret('a').equals(new Secret('b'))).toBe(false);
  });
});

describe('the secret that stands for the stored one', () => {
  it('is no other, not even an empty one', () => {
    expect(isKept(KEEP_SECRET)).toBe(true);
    expect(isKept(new Secret(''))).toBe(false);
    expect(KEEP_SECRET.equals(new Secret(''))).toBe(false);
    expect(new Secret('').equals(KEEP_SECRET)).toBe(false);
    expect(KEEP_SECRET.equals(KEEP_SECRET)).toBe(true);
  });

  it('has no text: who would store or use it fails', () => {
    expect(() => KEEP_SECRET.reveal()).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
