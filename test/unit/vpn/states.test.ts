import { describe, expect, it } from 'vitest';
import { ConnectionId } from '../../../src/model/connection.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { parseIp } from '../../../src/net/ip.js';
import type { TunnelChange, TunnelError, TunnelPhase } from '../../../src/vpn/port.js';
import { createStateBook } from '../../../src/vpn/states.js';
import type { Observation } from '../../../src/vpn/tunnel-state.js';

const DOMAIN = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const OFFICE = ConnectionId('office');

const UP: Observation = { kind: 'up', device: 'ipsec0', peerAddress: parseIp('198.51.100.2') };
const DOWN: Observation = { kind: 'down' };
const error = (message: string): TunnelError => ({
  ...{ cause: 'peerUnreachable', message, at: new Date(0) },
});
const TRIED: Observation = { kind: 'tried', error: error('silence') };
const LOST: Observation = { kind: 'down', error: error('lost') };
const BEGUN: Observation = { kind: 'begun' };

function bookAfter(...observations: readonly Observation[]) {
  let time = 0;
  const book = createStateBook(() => new Date((time += 1_000)));
  const changes: TunnelChange[] = [];
  book.onChange((change) => changes.push(change));
  for (const observation of observations) book.observe(DOMAIN, OFFICE, observation);
  return { book, changes, state: () => book.of(DOMAIN, OFFICE) };
}

describe('the state of a tunnel', () => {
  it.each<[string, Observation[], TunnelPhase]>([
    ['is connecting at first', [DOWN], 'connecting'],
    ['is connecting while nobody has called', [BEGUN, DOWN, DOWN], 'connecting'],
    ['is connected when it is up', [BEGUN, UP], 'connected'],
    ['is disconnected when it has ended in order', [UP, DOWN], 'disconnected'],
    ['stays disconnected until something happens', [UP, DOWN, DOWN], 'disconnected'],
    ['is failed when it was lost', [UP, LOST], 'failed'],
    ['is failed after a try in vain', [BEGUN, TRIED], 'failed'],
    ['stays failed while it is tried again', [BEGUN, TRIED, DOWN], 'failed'],
    ['is connected although another try has failed', [UP, TRIED], 'connected'],
    ['is connecting when it is wanted otherwise', [UP, BEGUN], 'connecting'],
  ])('%s', (_, observations, phase) => {
    expect(bookAfter(...observations).state()?.phase).toBe(phase);
  });

  it('remembers the newest failure', () => {
    expect(bookAfter(BEGUN, TRIED, UP).state()?.lastError?.message).toBe('silence');
    expect(bookAfter(UP, TRIED).state()?.lastError?.message).toBe('silence');
    expect(bookAfter(TRIED, BEGUN).state()?.lastError).toBeUndefined();
  });

  it('has device and peer only while it is connected', () => {
    expect(bookAfter(UP).state()).toMatchObject({ device: 'ipsec0' });
    expect(bookAfter(UP, LOST).state()).not.toHaveProperty('device');
    expect(bookAfter(UP, DOWN).state()).not.toHaveProperty('peerAddress');
  });

  it('is as old as its phase', () => {
    const { book, state } = bookAfter(BEGUN, TRIED);
    const { since } = state() ?? {};
    book.observe(DOMAIN, OFFICE, TRIED);
    expect(state()?.since).toEqual(since);
    book.observe(DOMAIN, OFFICE, UP);
    expect(state()?.since).not.toEqual(since);
  });
});

describe('who is told', () => {
  it('hears of each change once', () => {
    const { changes } = bookAfter(BEGUN, DOWN, UP, UP, TRIED, TRIED, DOWN, DOWN, UP);
    expect(changes.map(({ before, state }) => [before, state.phase])).toEqual([
      [undefined, 'connecting'],
      ['connecting', 'connected'],
      ['connected', 'connected'], // It has an error now.
      ['connected', 'disconnected'],
      ['disconnected', 'connected'],
    ]);
  });

  it('hears of a peer that has moved', () => {
    const moved: Observation = { ...UP, peerAddress: parseIp('198.51.100.9') };
    expect(bookAfter(UP, moved).changes).toHaveLength(2);
  });

  it('hears nothing of what is forgotten, nor after it has unsubscribed', () => {
    const { book, changes } = bookAfter(UP);
    book.forget(DOMAIN, OFFICE);
    expect(changes).toHaveLength(1);
    expect(book.states()).toEqual(new Map());
    const heard: TunnelChange[] = [];
    book.onChange((change) => heard.push(change))();
    book.observe(DOMAIN, OFFICE, UP);
    expect(heard).toEqual([]);
  });

  it('gets copies', () => {
    const { book } = bookAfter(UP);
    const copy = book.states();
    book.observe(DOMAIN, OFFICE, DOWN);
    expect(copy.get(DOMAIN)?.get(OFFICE)?.phase).toBe('connected');
  });
});
