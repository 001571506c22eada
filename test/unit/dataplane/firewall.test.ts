import { expect, test } from 'vitest';
import { domainFirewall, type DomainNat } from '../../../src/dataplane/firewall.js';
import type { TunnelGuard } from '../../../src/dataplane/tunnel-guard.js';
import { parseIp } from '../../../src/net/ip.js';
import { parsePrefix } from '../../../src/net/prefix.js';

const external = parseIp('203.0.113.10');

function natOnly(nat: DomainNat): string {
  return domainFirewall('nvgate', { nat, guard: undefined });
}

test('a routing domain with NAT to the internet and a routed network beside it', () => {
  const text = natOnly({
    destinations: [
      { prefix: parsePrefix('0.0.0.0/0'), translation: external },
      { prefix: parsePrefix('192.168.101.0/24') },
      { prefix: parsePrefix('192.168.101.7/32'), translation: external },
    ],
    portForwards: [
      {
        protocol: 'tcp',
        externalAddress: external,
        externalPort: 8080,
        internalAddress: parseIp('192.168.1.101'),
        internalPort: 80,
      },
    ],
  });
  expect(text).toBe(`table inet nvgate {
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 203.0.113.10 tcp dport 8080 dnat ip to 192.168.1.101:80
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname "ext" ct state invalid goto invalid
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		iifname "vnet" oifname "vnet" ct original ip daddr 203.0.113.10 ct status dnat snat ip to 203.0.113.10
		oifname "ext" goto outbound
	}

	chain invalid {
		ip daddr 192.168.101.7 counter drop
		ip daddr 192.168.101.0/24 accept
		ip daddr 0.0.0.0/0 counter drop
	}

	chain outbound {
		ip daddr 192.168.101.7 snat ip to 203.0.113.10
		ip daddr 192.168.101.0/24 accept
		ip daddr 0.0.0.0/0 snat ip to 203.0.113.10
	}
}`);
});

test('the order in which things are given does not show', () => {
  const destinations = ['10.0.0.0/8', '0.0.0.0/0', '10.1.0.0/16', '172.16.0.0/16'].map(
    (prefix) => ({ prefix: parsePrefix(prefix), translation: external }),
  );
  const portForwards = [8080, 443, 80].map((externalPort) => ({
    protocol: 'udp' as const,
    externalAddress: external,
    externalPort,
    internalAddress: parseIp('192.168.1.101'),
    internalPort: 80,
  }));
  expect(
    natOnly({
      destinations: destinations.toReversed(),
      portForwards: portForwards.toReversed(),
    }),
  ).toBe(natOnly({ destinations, portForwards }));
});

test('a routing domain with tunnels only: who may speak to its daemons, and nothing is tracked', () => {
  const guard: TunnelGuard = {
    endPoints: [
      { type: 'ikev2', address: external, peer: parseIp('198.51.100.2'), callsServers: false },
      { type: 'ikev2', address: external, peer: parseIp('198.51.100.1'), callsServers: false },
    ],
    sources: [
      { prefix: parsePrefix('192.168.1.0/24'), allowed: false },
      { prefix: parsePrefix('10.20.0.0/16'), allowed: false },
      { prefix: parsePrefix('10.20.7.0/24'), allowed: true },
      { prefix: parsePrefix('0.0.0.0/0'), allowed: false },
      { prefix: parsePrefix('::/0'), allowed: false },
    ],
  };
  expect(domainFirewall('nvgate', { nat: undefined, guard })).toBe(`table inet nvgate {
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "ext" goto from_outside
	}

	chain input {
		type filter hook input priority filter; policy accept;
		iifname "lo" accept
		meta l4proto { icmp, ipv6-icmp } accept
		iifname "ext" goto daemons
		counter drop
	}

	chain daemons {
		ip saddr { 198.51.100.1, 198.51.100.2 } ip daddr 203.0.113.10 meta l4proto esp accept
		ip saddr { 198.51.100.1, 198.51.100.2 } ip daddr 203.0.113.10 udp dport { 500, 4500 } accept
		counter drop
	}

	chain from_outside {
		ip saddr 10.20.7.0/24 accept
		ip saddr 192.168.1.0/24 counter drop
		ip saddr 10.20.0.0/16 counter drop
		ip saddr 0.0.0.0/0 meta l4proto != icmp counter drop
		ip6 saddr ::/0 meta l4proto != ipv6-icmp counter drop
	}
}`);
});

test('NAT and tunnels at one address: daemons are not translated, VMs get none of their packets', () => {
  const text = domainFirewall('nvgate', {
    nat: {
      destinations: [{ prefix: parsePrefix('0.0.0.0/0'), translation: external }],
      portForwards: [],
    },
    guard: {
      endPoints: [
        { type: 'l2tp', address: external, callsServers: false },
        { type: 'pptp', address: external, peer: parseIp('198.51.100.3'), callsServers: true },
        {
          type: 'ikev2',
          address: parseIp('2001:db8::10'),
          peer: parseIp('2001:db8::2'),
          callsServers: false,
        },
      ],
      sources: [],
    },
  });
  expect(chain(text, 'postrouting')).toEqual([
    'oifname "ext" ip saddr 203.0.113.10 accept',
    'oifname "ext" ip6 saddr 2001:db8::10 accept',
    'oifname "ext" goto outbound',
  ]);
  expect(chain(text, 'outbound')).toEqual([
    'ip daddr 0.0.0.0/0 udp sport { 500, 1701, 4500 } snat ip to 203.0.113.10:10000-65535',
    'ip daddr 0.0.0.0/0 tcp sport 1723 snat ip to 203.0.113.10:10000-65535',
    'ip daddr 0.0.0.0/0 meta l4proto { gre, esp } counter drop',
    'ip daddr 0.0.0.0/0 snat ip to 203.0.113.10',
  ]);
  expect(chain(text, 'daemons')).toEqual([
    'ip daddr 203.0.113.10 meta l4proto esp accept',
    'ip daddr 203.0.113.10 udp dport { 500, 4500 } accept',
    'ip daddr 203.0.113.10 udp dport 1701 meta ipsec exists accept',
    'ip saddr 198.51.100.3 ip daddr 203.0.113.10 meta l4proto gre accept',
    'ip saddr 198.51.100.3 ip daddr 203.0.113.10 tcp dport 1723 accept',
    'ip daddr 203.0.113.10 tcp flags != syn / syn,ack accept',
    'ip daddr 203.0.113.10 udp sport 53 udp dport 32768-60999 accept',
    'ip6 saddr 2001:db8::2 ip6 daddr 2001:db8::10 meta l4proto esp accept',
    'ip6 saddr 2001:db8::2 ip6 daddr 2001:db8::10 udp dport { 500, 4500 } accept',
    'counter drop',
  ]);
  expect(chain(text, 'output')).toEqual([
    'oifname "ext" udp sport 1701 rt ipsec missing counter drop',
  ]);
});

test('a NAT address without tunnels keeps all ports for its VMs', () => {
  const text = domainFirewall('nvgate', {
    nat: {
      destinations: [{ prefix: parsePrefix('0.0.0.0/0'), translation: external }],
      portForwards: [],
    },
    guard: {
      endPoints: [{ type: 'ikev2', address: parseIp('203.0.113.11'), callsServers: false }],
      sources: [],
    },
  });
  expect(chain(text, 'outbound')).toEqual(['ip daddr 0.0.0.0/0 snat ip to 203.0.113.10']);
});

test('segments of TCP kept short: both ways, the longest prefix decides, and nothing is filtered', () => {
  const everywhere = { device: 'ext', prefix: parsePrefix('0.0.0.0/0') };
  expect(
    domainFirewall('nvgate', {
      ...{ nat: undefined, guard: undefined },
      clamps: [
        { ...everywhere, limits: ['pathMtu'] },
        { device: 'ext', prefix: parsePrefix('2001:db8::/32'), limits: [1400, 'pathMtu', 1300] },
        { device: 'ext', prefix: parsePrefix('10.0.0.0/8'), limits: [] },
        { device: 'ike-0123456789', prefix: parsePrefix('0.0.0.0/0'), limits: [1200] },
      ],
    }),
  ).toBe(`table inet nvgate {
	chain segments {
		type filter hook forward priority mangle; policy accept;
		tcp flags syn jump segments_out
		tcp flags syn jump segments_in
	}

	chain segments_out {
		oifname "ext" ip6 daddr 2001:db8::/32 tcp option maxseg size set 1300 tcp option maxseg size set rt mtu return
		oifname "ext" ip daddr 10.0.0.0/8 return
		oifname "ext" ip daddr 0.0.0.0/0 tcp option maxseg size set rt mtu return
		oifname "ike-0123456789" ip daddr 0.0.0.0/0 tcp option maxseg size set 1200 return
	}

	chain segments_in {
		iifname "ext" ip6 saddr 2001:db8::/32 tcp option maxseg size set 1300 tcp option maxseg size set rt mtu return
		iifname "ext" ip saddr 10.0.0.0/8 return
		iifname "ext" ip saddr 0.0.0.0/0 tcp option maxseg size set rt mtu return
		iifname "ike-0123456789" ip saddr 0.0.0.0/0 tcp option maxseg size set 1200 return
	}
}`);
});

/** The rules of one chain. */
function chain(text: string, name: string): string[] {
  const [, rest = ''] = text.split(`chain ${name} {\n`);
  const lines = rest.slice(0, rest.indexOf('\t}\n')).split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !/^type /.test(line));
}
