import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../src/model/connection.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type {
  TunnelChange,
  TunnelSpec,
  TunnelState,
  Vpn,
  WantedTunnels,
} from '../../src/vpn/port.js';

/** A remote site that the tunnels under test lead to. */
export interface ContractSite {
  /** The tunnel to it; `secret` where it is not the one that the site has. */
  spec(options?: { readonly secret?: string }): TunnelSpec;
  /** From now on it answers. */
  appear(): Promise<void>;
  /** It ends its tunnels in order and answers no more. */
  leave(): Promise<void>;
}

export interface VpnSubject {
  readonly domain: RoutingDomainId;
  readonly site: ContractSite;
  /** A new process, so to speak: it has what runs, and no memory. */
  open(): Promise<Vpn>;
  /** A spec that cannot be brought to be, whatever the site says. */
  readonly impossible: TunnelSpec;
  dispose(): Promise<void>;
}

const PATIENCE = { timeout: 30_000, interval: 20 };

/** What every implementation of `Vpn` does. The tests build on each other. */
export function vpnContract(name: string, create: () => Promise<VpnSubject>): void {
  describe(name, () => {
    let subject: VpnSubject;
    let vpn: Vpn;
    let changes: TunnelChange[];
    let connection: ConnectionId;

    const wantedTunnels = (...specs: TunnelSpec[]): ReadonlyMap<RoutingDomainId, WantedTunnels> =>
      new Map([[subject.domain, new Map(specs.map((spec) => [spec.connection.id, spec]))]]);
    const state = (): TunnelState | undefined => vpn.states().get(subject.domain)?.get(connection);
    const phases = (): unknown[] =>
      changes.map(({ before, state: after }) => [before, after.phase]);
    const comesTo = (phase: TunnelState['phase']): Promise<void> =>
      expect.poll(() => state()?.phase, PATIENCE).toBe(phase);
    const open = async (): Promise<void> => {
      vpn = await subject.open();
      vpn.onChange((change) => changes.push(change));
    };

    beforeAll(async () => {
      subject = await create();
      connection = subject.site.spec().connection.id;
      changes = [];
      await open();
    });
    beforeEach(() => {
      changes = [];
    });
    afterAll(async () => {
      await vpn.close();
      await subject.dispose();
    });

    it('has nothing before anything is wanted', async () => {
      await vpn.adopt();
      expect(vpn.states()).toEqual(new Map());
      expect(vpn.domains()).toEqual(new Set());
      expect(await vpn.securityAssociations(subject.domain, connection)).toEqual([]);
      expect(await vpn.apply(wantedTunnels())).toEqual([]);
      expect(vpn.domains()).toEqual(new Set());
    });

    it('does not wait for the peer', async () => {
      expect(await vpn.apply(wantedTunnels(subject.site.spec()))).toEqual([]);
      expect(vpn.domains()).toEqual(new Set([subject.domain]));
      expect(phases()[0]).toEqual([undefined, 'connecting']);
      expect(state()?.device).toBeUndefined();
      expect(state()?.peerAddress).toBeUndefined();
    });

    it('goes on trying, and says where the tunnel leads when it is up', async () => {
      await subject.site.appear();
      await comesTo('connected');
      const { device, connection: remote } = subject.site.spec();
      expect(state()?.device).toBe(device);
      expect(state()?.peerAddress).toBe(remote.destinationAddress);
      expect(changes.at(-1)).toMatchObject({
        ...{ domain: subject.domain, connection },
        state: { phase: 'connected' },
      });
    });

    it('lists security associations of that connection', async () => {
      const associations = await vpn.securityAssociations(subject.domain, connection);
      expect(associations.map(({ kind }) => kind).sort()).toEqual(['child', 'ike']);
      const other = subject.impossible.connection.id;
      expect(await vpn.securityAssociations(subject.domain, other)).toEqual([]);
    });

    it('changes nothing when the same is wanted again', async () => {
      const before = state();
      expect(await vpn.apply(wantedTunnels(subject.site.spec()))).toEqual([]);
      expect(state()).toEqual(before);
      expect(changes).toEqual([]);
    });

    it('leaves domains alone that it is not asked about', async () => {
      expect(await vpn.apply(new Map())).toEqual([]);
      expect(state()?.phase).toBe('connected');
    });

    it('tells nobody who has unsubscribed', async () => {
      const heard: TunnelChange[] = [];
      vpn.onChange((change) => heard.push(change))();
      await subject.site.leave();
      await expect.poll(() => state()?.phase, PATIENCE).not.toBe('connected');
      expect(heard).toEqual([]);
      expect(changes[0]?.before).toBe('connected');
    });

    it('says that a tunnel has ended, and brings it up again unasked', async () => {
      expect(['disconnected', 'failed']).toContain(state()?.phase);
      expect(state()?.device).toBeUndefined();
      await subject.site.appear();
      await comesTo('connected');
    });

    it('finds tunnels that another process has left running, and disturbs none', async () => {
      await vpn.close();
      await open();
      await vpn.adopt();
      expect(state()).toMatchObject({
        phase: 'connected',
        device: subject.site.spec().device,
      });
      expect(state()?.peerAddress).toBe(subject.site.spec().connection.destinationAddress);
      expect(vpn.domains()).toEqual(new Set([subject.domain]));
      changes = [];
      expect(await vpn.apply(wantedTunnels(subject.site.spec()))).toEqual([]);
      expect(changes).toEqual([]);
    });

    it('reports what cannot be, beside what can', async () => {
      const failures = await vpn.apply(wantedTunnels(subject.site.spec(), subject.impossible));
      expect(failures).toMatchObject([
        { domain: subject.domain, connection: subject.impossible.connection.id },
      ]);
      expect(state()?.phase).toBe('connected');
      expect(changes.filter((change) => change.connection === connection)).toEqual([]);
    });

    it('forgets what is not wanted any more', async () => {
      await vpn.apply(wantedTunnels(subject.site.spec()));
      const known = vpn.states().get(subject.domain);
      expect([...(known?.keys() ?? [])]).toEqual([connection]);
    });

    it('says why a tunnel fails, and recovers when it is mended', async () => {
      await vpn.apply(wantedTunnels(subject.site.spec({ secret: 'not the secret of the site' })));
      await comesTo('failed');
      expect(state()?.lastError?.cause).toBe('authenticationFailed');
      expect(state()?.lastError?.message).not.toContain('not the secret');
      await vpn.apply(wantedTunnels(subject.site.spec()));
      await comesTo('connected');
    });

    it('leaves nothing when nothing is wanted', async () => {
      expect(await vpn.apply(wantedTunnels())).toEqual([]);
      expect(vpn.states()).toEqual(new Map());
      expect(vpn.domains()).toEqual(new Set());
      expect(await vpn.securityAssociations(subject.domain, connection)).toEqual([]);
      await vpn.close();
      await open();
      await vpn.adopt();
      expect(vpn.states()).toEqual(new Map());
    });

    it('knows what the system supports', async () => {
      const support = await vpn.support();
      expect(support.unavailable.ikev2).toBeUndefined();
      expect(support.authenticationMethods).toContain('psk');
      expect(support.encryptionAlgorithms).toContain('AES256');
      expect(support.cipherTransformations).toContain('GCMAES256');
      expect(await vpn.support()).toEqual(support);
    });
  });
}
