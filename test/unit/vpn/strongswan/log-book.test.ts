import { describe, expect, it } from 'vitest';
import {
  callerOf,
  createLogBook,
  endedInOrder,
  readLogLine,
  refusesPeer,
} from '../../../../src/vpn/strongswan/log-book.js';

const line = (text: string, uniqueId = 1, name = 'office@1c2f03ab') => ({ uniqueId, name, text });

describe('createLogBook', () => {
  it('keeps the newest lines of an IKE SA', () => {
    const book = createLogBook();
    for (let number = 1; number <= 60; number += 1) book.add(line(`line ${number}`));
    expect(book.of(1)).toHaveLength(50);
    expect(book.of(1)[0]).toBe('line 11');
    expect(book.of(1).at(-1)).toBe('line 60');
  });

  it('keeps the newest IKE SAs, however many peers call', () => {
    const book = createLogBook();
    for (let id = 1; id <= 1000; id += 1) book.add(line('initiating', id, '(unnamed)'));
    expect(book.of(936)).toEqual([]);
    expect(book.of(937)).toEqual(['initiating']);
    expect(book.of(1000)).toEqual(['initiating']);
  });

  it('finds the lines of an SA by the name that it came to have', () => {
    const book = createLogBook();
    book.add(line('older', 1));
    book.add(line('received packet', 2, '(unnamed)'));
    book.add(line('selected peer config', 2));
    expect(book.latestOf('office@1c2f03ab')).toEqual(['received packet', 'selected peer config']);
    expect(book.latestOf('other@00000000')).toEqual([]);
  });
});

describe('readLogLine', () => {
  it('reads a log event', () => {
    expect(
      readLogLine({
        ...{ group: 'IKE', level: '1', thread: '7' },
        ...{ 'ikesa-name': 'office@1c2f03ab', 'ikesa-uniqueid': '4', msg: 'peer not responding' },
      }),
    ).toEqual({ uniqueId: 4, name: 'office@1c2f03ab', text: 'peer not responding' });
  });

  it('passes over lines about no IKE SA', () => {
    expect(readLogLine({ group: 'CFG', msg: 'loaded connection' })).toBeUndefined();
  });
});

describe('what a line says', () => {
  it.each([
    ['generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]', true],
    ['generating IKE_SA_INIT response 0 [ N(NO_PROP) ]', true],
    ['generating IKE_AUTH response 1 [ IDr AUTH N(TS_UNACCEPT) ]', true],
    ['generating INFORMATIONAL request 2 [ N(AUTH_FAILED) ]', true],
    ['generating IKE_AUTH request 1 [ IDi N(INIT_CONTACT) IDr AUTH SA TSi TSr ]', false],
    ['generating IKE_SA_INIT response 0 [ N(INVAL_KE) ]', false],
    ['parsed IKE_AUTH response 1 [ N(AUTH_FAILED) ]', false],
  ])('%s', (text, refuses) => {
    expect(refusesPeer(line(text))).toBe(refuses);
  });

  it('tells an end in order from a loss', () => {
    expect(endedInOrder(['sending DPD request', 'received DELETE for IKE_SA a[1]'])).toBe(true);
    expect(endedInOrder(['sending DPD request', 'giving up after 5 retransmits'])).toBe(false);
  });

  it('knows where a caller is', () => {
    expect(
      callerOf(['received packet: from 198.51.100.2[500] to 203.0.113.2[500] (240 bytes)']),
    ).toBe('198.51.100.2');
    expect(callerOf(['received packet: from 2001:db8::2[4500] to 2001:db8::1[4500]'])).toBe(
      '2001:db8::2',
    );
    expect(callerOf(['sending packet: from 203.0.113.2[500]'])).toBeUndefined();
  });
});
