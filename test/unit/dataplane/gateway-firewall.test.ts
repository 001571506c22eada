import { expect, test } from 'vitest';
import { gatewayFirewall, type GatewayNat } from '../../../src/dataplane/gateway-firewall.js';
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
      },
      {
        sharedAddress: parseIp('203.0.113.20'),
        transitAddress: parseIp('169.254.9.1'),
        ports: [
          { protocol: 'tcp', port: 443 },
          { protocol: 'tcp', port: 80 },
        ],
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
