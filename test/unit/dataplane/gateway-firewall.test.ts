import { describe, expect, test } from 'vitest';
import { gatewayFirewall, type GatewayNat } from '../../../src/dataplane/gateway-firewall.js';
import type { SharedAddress } from '../../../src/dataplane/shared-address.js';
import { parseIp } from '../../../src/net/ip.js';
import { parsePrefix } from '../../../src/net/prefix.js';

const none: GatewayNat = {
  externalGroup: 300,
  underlayDevices: ['underlay'],
  externalDevices: ['external'],
  externalAddresses: [],
  routedPrefixes: [],
  shares: [],
};

const NO_IKE = { peers: [], anyOther: false };

test('without NAT it only keeps the routing domains apart', () => {
  const text = gatewayFirewall('nvgate', {
    ...none,
    routedPrefixes: [parsePrefix('192.168.1.0/24')],
  });
  expect(text).toBe(`table inet nvgate {
	chain forward {
		type filter hook forward priority filter; policy accept;
		iifgroup 300 oifgroup 300 goto between_domains
		oif "underlay" goto provider_network
		iif "underlay" goto provider_network
	}

	chain input {
		type filter hook input priority filter; policy accept;
		iifgroup 300 meta nfproto ipv4 counter drop
		iifgroup 300 meta nfproto ipv6 counter drop
	}

	chain provider_network {
		iifgroup 300 counter drop
		oifgroup 300 counter drop
		iifname "external" counter drop
		oifname "external" counter drop
	}

	chain between_domains {
		counter drop
	}
}`);
});

test('addresses of single domains need no connection tracking', () => {
  const text = gatewayFirewall('nvgate', {
    ...none,
    externalAddresses: [parseIp('203.0.113.10'), parseIp('2001:db8::10')],
  });
  expect(text).not.toMatch(/\bct\b|notrack|nat hook/);
});

test('a shared address is translated, and what is not shared is not tracked', () => {
  const text = gatewayFirewall('nvgate', {
    ...none,
    externalAddresses: [parseIp('203.0.113.10')],
    routedPrefixes: [parsePrefix('192.168.101.0/24')],
    shares: [
      {
        sharedAddress: parseIp('203.0.113.20'),
        transitAddress: parseIp('169.254.9.2'),
        ports: [{ protocol: 'udp', port: 53 }],
        ike: NO_IKE,
      },
      {
        sharedAddress: parseIp('203.0.113.20'),
        transitAddress: parseIp('169.254.9.1'),
        ports: [
          { protocol: 'tcp', port: 443 },
          { protocol: 'tcp', port: 80 },
        ],
        ike: NO_IKE,
      },
    ],
  });
  expect(text).toBe(`table inet nvgate {
	set udp_calls4 {
		type ipv4_addr . inet_service . ipv4_addr . inet_service
		size 65536
		flags dynamic,timeout
		timeout 3m
	}

	chain tracking {
		type filter hook prerouting priority raw; policy accept;
		ip daddr { 169.254.9.1, 169.254.9.2 } counter drop
		iifgroup 300 ip saddr != { 169.254.9.1, 169.254.9.2 } ip daddr != 203.0.113.20 notrack
		iifgroup != 300 ip daddr { 192.168.101.0/24, 203.0.113.10 } notrack
		iifgroup 300 meta nfproto ipv6 notrack
	}

	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 203.0.113.20 dnat ip to tcp dport map { 80 : 169.254.9.1, 443 : 169.254.9.1 }
		ip daddr 203.0.113.20 dnat ip to udp dport map { 53 : 169.254.9.2 }
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		snat ip to ip saddr map { 169.254.9.1 : 203.0.113.20, 169.254.9.2 : 203.0.113.20 }
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ip saddr { 169.254.9.1, 169.254.9.2 } ct state invalid counter drop
		iifgroup 300 oifgroup 300 goto between_domains
		oif "underlay" goto provider_network
		iif "underlay" goto provider_network
	}

	chain input {
		type filter hook input priority filter; policy accept;
		ip daddr 203.0.113.20 meta l4proto icmp accept
		ip daddr 203.0.113.20 counter drop
		iifgroup 300 meta nfproto ipv4 counter drop
		iifgroup 300 meta nfproto ipv6 counter drop
	}

	chain provider_network {
		iifgroup 300 counter drop
		oifgroup 300 counter drop
		iifname "external" counter drop
		oifname "external" counter drop
	}

	chain between_domains {
		ct state established,related accept
		ct status dnat accept
		ip daddr 203.0.113.10 update @udp_calls4 { ip saddr . udp sport . ip daddr . udp dport }
		ip daddr 203.0.113.10 accept
		ip daddr . udp dport . ip saddr . udp sport @udp_calls4 accept
		ip saddr 203.0.113.10 tcp flags != syn / syn,ack accept
		ip saddr 203.0.113.10 icmp type { echo-reply, destination-unreachable, time-exceeded, parameter-problem } accept
		counter drop
	}
}`);
});

describe('IKE at an address that several routing domains share', () => {
  const share = (
    transitAddress: string,
    ike: SharedAddress['ike'],
    sharedAddress = '203.0.113.20',
  ): SharedAddress => ({
    sharedAddress: parseIp(sharedAddress),
    transitAddress: parseIp(transitAddress),
    ports: [],
    ike,
  });
  const rules = (...shares: SharedAddress[]): string[] =>
    gatewayFirewall('nvgate', { ...none, shares })
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes('4500'));
  const peers = (...addresses: string[]): SharedAddress['ike'] => ({
    peers: addresses.map(parseIp),
    anyOther: false,
  });
  const anybody: SharedAddress['ike'] = { peers: [], anyOther: true };

  test('is told apart by the peer', () => {
    const first = share('169.254.9.1', peers('198.51.100.3', '198.51.100.2'));
    const second = share('169.254.9.2', peers('198.51.100.1'));
    expect(rules(second, first)).toEqual([
      'ip daddr 203.0.113.20 udp dport { 500, 4500 } dnat ip to ip saddr map { 198.51.100.1 : 169.254.9.2, 198.51.100.2 : 169.254.9.1, 198.51.100.3 : 169.254.9.1 }',
    ]);
  });

  test('from nobody known is for the one that takes anybody', () => {
    const known = share('169.254.9.1', peers('198.51.100.2'));
    expect(rules(known, share('169.254.9.2', anybody))).toEqual([
      'ip daddr 203.0.113.20 udp dport { 500, 4500 } dnat ip to ip saddr map { 198.51.100.2 : 169.254.9.1 }',
      'ip daddr 203.0.113.20 udp dport { 500, 4500 } dnat ip to 169.254.9.2',
    ]);
    expect(rules(share('169.254.9.2', anybody), share('169.254.9.3', anybody))).toEqual([
      'ip daddr 203.0.113.20 udp dport { 500, 4500 } dnat ip to 169.254.9.2',
    ]);
  });

  test('keeps its ports from the VMs of those who have none', () => {
    const text = rules(
      share('169.254.9.1', peers('198.51.100.2')),
      share('169.254.9.2', peers()),
      share('169.254.9.3', peers(), '203.0.113.21'),
      share('fd00::1', anybody, '2001:db8::20'),
      share('fd00::2', peers(), '2001:db8::20'),
    );
    expect(text.filter((rule) => rule.includes('snat'))).toEqual([
      'ip saddr 169.254.9.2 udp sport { 500, 4500 } snat ip to 203.0.113.20:10000-65535',
      'ip6 saddr fd00::2 udp sport { 500, 4500 } snat ip6 to [2001:db8::20]:10000-65535',
    ]);
  });
});
