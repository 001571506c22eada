import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../../../src/net/ip.js';
import type { TunnelSpec } from '../../../../src/vpn/port.js';
import type { Link } from '../../../../src/vpn/ppp/link.js';
import { planLink } from '../../../../src/vpn/ppp/plan.js';
import { pptpdConf } from '../../../../src/vpn/ppp/pptpd-conf.js';
import { secretsFile } from '../../../../src/vpn/ppp/secrets-file.js';
import {
  command,
  section,
  sectionsOf,
  sectionText,
  xl2tpdConf,
} from '../../../../src/vpn/ppp/xl2tpd-conf.js';
import { Secret } from '../../../../src/model/secret.js';
import { pppdWords } from './pppd-words.js';
import { calling, waiting } from './specs.js';

const PEER = parseIpv4('198.51.100.2');
const LOCAL = parseIpv4('203.0.113.20');
const plan = (spec: TunnelSpec) => planLink(spec, { outerMtu: 1500, allowInsecure: true });
const linkOf = (spec: TunnelSpec): Link => plan(spec).link;

/** As xl2tpd cuts it off, without a word. */
const LONGEST_WORD = 99;

describe('the secrets files', () => {
  const lines = [
    waiting('l2tp', 'one', { tunnelDevice: 'ppp-1' }),
    waiting('l2tp', 'two', { tunnelDevice: 'ppp-2', pointToPoint: { method: 'pap' } }),
    waiting('pptp', 'three'),
    calling('l2tp', 'four'),
  ].flatMap((spec) => plan(spec).secrets ?? []);

  it('let a caller in at its link alone, with its address alone', () => {
    expect(pppdWords(secretsFile(lines, 'pap-secrets'))).toEqual([
      ['blue', 'ppp-2', 'link secret', '10.255.0.2'],
    ]);
    expect(pppdWords(secretsFile(lines, 'chap-secrets'))).toEqual([
      ['blue', 'ppp-1', 'link secret', '10.255.0.2'],
      [
        ...['blue', 'pptpd-203.0.113.20', 'link secret', '10.255.0.2'],
        ...['--', '10.255.0.1:10.255.0.2'],
      ],
    ]);
  });

  it('hold nothing of links that call', () => {
    expect(plan(calling('l2tp')).secrets).toBeUndefined();
    expect(pppdWords(secretsFile([], 'chap-secrets'))).toEqual([]);
  });

  it('cannot be broken out of', () => {
    const hostile = waiting('l2tp', 'one', {
      pointToPoint: { userName: '* * "" *', secret: new Secret('" * # \\') },
    });
    const [words, ...others] = pppdWords(
      secretsFile([plan(hostile).secrets ?? expect.unreachable()], 'chap-secrets'),
    );
    expect(words?.slice(0, 3)).toEqual(['* * "" *', 'ppp-one', '" * # \\']);
    expect(others).toEqual([]);
  });
});

describe('xl2tpd.conf', () => {
  const call = linkOf(calling('l2tp', 'office', { tunnelDevice: 'ppp-1' }));
  const wait = linkOf(waiting('l2tp', 'branch', { tunnelDevice: 'ppp-2' }));

  it('listens at one address, to nobody whom it does not know', () => {
    const conf = xl2tpdConf(LOCAL, []);
    expect(conf).toContain('listen-addr = 203.0.113.20\n');
    expect(conf).toContain('access control = yes\n');
    expect(sectionsOf(conf).size).toBe(1);
  });

  it('calls only when told to', () => {
    const text = sectionText(section(call, PEER));
    expect(text).toMatch(/^\[lac ppp-1-198\.51\.100\.2\]\nlns = 198\.51\.100\.2\n/);
    expect(text).toContain('autodial = no\nredial = no\n');
    expect(text).toContain('pppoptfile = /etc/ppp/link-office.options\n');
  });

  it('tells who calls by the address, and gives out none itself', () => {
    const text = sectionText(section(wait, PEER));
    expect(text).toMatch(/^\[lns from-198\.51\.100\.2\]\nlac = 198\.51\.100\.2\nassign ip = no\n/);
    expect(text).toContain('pppoptfile = /etc/ppp/link-branch.options\n');
  });

  it('is read back section by section, the last of a name first', () => {
    const sections = [section(call, PEER), section(wait, PEER)];
    const other = section({ ...wait, connection: call.connection }, PEER);
    const conf = `${xl2tpdConf(LOCAL, sections)}${sectionText(other)}`;
    const read = sectionsOf(conf);
    expect([...read.keys()]).toEqual(['global', 'lac ppp-1-198.51.100.2', 'lns from-198.51.100.2']);
    expect(read.get('lac ppp-1-198.51.100.2')).toBe(sectionText(section(call, PEER)));
    expect(read.get('lns from-198.51.100.2')).toBe(sectionText(other));
  });

  it('is added to by commands that xl2tpd takes', () => {
    expect(command.add(section(wait, PEER))).toBe(
      'z from-198.51.100.2 lac=198.51.100.2;assign ip=no;pppoptfile=/etc/ppp/link-branch.options;pass peer=yes;hostname=203.0.113.20',
    );
    expect(command.add(section(call, PEER))).toMatch(
      /^a ppp-1-198\.51\.100\.2 lns=198\.51\.100\.2;/,
    );
    expect(command.connect('x')).toBe('c x');
    expect(command.disconnect('x')).toBe('d x');
  });

  it('has no word that xl2tpd would cut off, however long the names', () => {
    const address = '203.0.113.222';
    const options = {
      ...{ source: address, destination: address, tunnelDevice: 'ppp-0123456789' },
    };
    for (const spec of [
      calling('l2tp', 'x'.repeat(63), options),
      waiting('l2tp', 'x'.repeat(63), options),
    ]) {
      const { name, settings } = section(linkOf(spec), parseIpv4(address));
      for (const word of [name, ...settings.flat()])
        expect(word.length).toBeLessThanOrEqual(LONGEST_WORD);
    }
  });
});

describe('pptpd.conf', () => {
  it('listens at one address and takes a limited number of callers', () => {
    const conf = pptpdConf(LOCAL);
    expect(conf).toContain('listen 203.0.113.20\n');
    expect(conf).toContain('option /etc/ppp/pptpd-203.0.113.20.options\n');
    expect(conf).toMatch(/^connections \d+$/m);
  });
});
