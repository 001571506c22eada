import { expect, test } from 'vitest';
import { domainFirewall } from '../../../src/dataplane/firewall.js';
import { parseIp } from '../../../src/net/ip.js';
import { parsePrefix } from '../../../src/net/prefix.js';

const external = parseIp('203.0.113.10');

test('a routing domain with NAT to the internet and a routed network beside it', () => {
  const text = domainFirewall('nvgate', {
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
    domainFirewall('nvgate', {
      destinations: destinations.toReversed(),
      portForwards: portForwards.toReversed(),
    }),
  ).toBe(domainFirewall('nvgate', { destinations, portForwards }));
});
