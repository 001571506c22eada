import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDirectory, killAllNamed, type Namespace } from './namespace.js';
import { start, type Background } from './process.js';

/*
 * The PPP side of a remote site, set up by hand with files as a person would write them: xl2tpd,
 * pptpd and pptp of the machine, each with a pppd, in a mount namespace where /etc/ppp is a
 * directory of the site's own.
 */

export interface PppAccount {
  readonly userName: string;
  readonly password: string;
}

export type PppMethod = 'pap' | 'chap' | 'mschap-v2';

export interface PppPeerOptions {
  readonly namespace: Namespace;
  /** Of the site on its line. */
  readonly address: string;
  /** Where the VM network is: a route to it by the link while that is up. */
  readonly behind: string;
  /** Largest packet that the site takes by a link. */
  readonly mru?: number;
}

export interface PppPeer {
  /** Waits for L2TP callers; gives them 10.200.0.2 and up, and has 10.200.0.1 itself. */
  serveL2tp(account: PppAccount, method: PppMethod): void;
  callL2tp(gateway: string, account: PppAccount): void;
  /** Waits for PPTP callers; gives them 10.201.0.2 and up, and has 10.201.0.1 itself. */
  servePptp(account: PppAccount): void;
  callPptp(gateway: string, account: PppAccount): void;
  /** Ends everything as a power cut would. */
  kill(): Promise<void>;
  /** What its daemons and pppds have said. */
  log(): string;
}

export function createPppPeer(options: PppPeerOptions): PppPeer {
  const { namespace, address, behind, mru = 1400 } = options;
  const directory = createDirectory('ppp-peer');
  const logFile = join(directory, 'log');
  const running: Background[] = [];

  const write = (name: string, lines: readonly string[], mode = 0o600): void =>
    writeFileSync(join(directory, name), `${lines.join('\n')}\n`, { mode });

  const account = ({ userName, password }: PppAccount): void => {
    for (const name of ['chap-secrets', 'pap-secrets'])
      write(name, [`"${userName}" * "${password}" *`]);
  };
  const common = ['nodefaultroute', 'noipv6', `mtu ${mru}`, `mru ${mru}`, 'logfile /etc/ppp/log'];
  const quick = ['lcp-echo-interval 2', 'lcp-echo-failure 3'];
  const encrypted = ['require-mppe-128', 'nobsdcomp', 'nodeflate'];

  const run = (command: string): void => {
    write('ip-up', ['#!/bin/sh', `ip route replace ${behind} dev "$1"`], 0o700);
    mkdirSync(join(directory, 'run'), { recursive: true });
    const script = [
      `mount --bind ${directory} /etc/ppp`,
      'mount --bind /etc/ppp/run /run',
      `exec ${command} >> /etc/ppp/log 2>&1`,
    ];
    running.push(
      start('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', script.join('\n')], {
        namespace,
      }),
    );
  };
  const xl2tpd = (sections: readonly string[]): void => {
    write('xl2tpd.conf', ['[global]', `listen-addr = ${address}`, ...sections]);
    run('/usr/sbin/xl2tpd -D -c /etc/ppp/xl2tpd.conf -p /run/xl2tpd.pid -C /run/l2tp-control');
  };

  return {
    serveL2tp(caller, method) {
      account(caller);
      write('options.l2tp', [`require-${method}`, 'name site', 'noccp', ...common, ...quick]);
      xl2tpd([
        '[lns default]',
        'ip range = 10.200.0.2-10.200.0.99',
        'local ip = 10.200.0.1',
        'require authentication = yes',
        'pppoptfile = /etc/ppp/options.l2tp',
      ]);
    },
    callL2tp(gateway, { userName, password }) {
      write('options.l2tp', [
        ...[`user "${userName}"`, `password "${password}"`, 'noauth', 'noccp', 'noipdefault'],
        ...[...common, ...quick],
      ]);
      xl2tpd([
        '[lac gateway]',
        `lns = ${gateway}`,
        ...['autodial = yes', 'redial = yes', 'redial timeout = 2'],
        'pppoptfile = /etc/ppp/options.l2tp',
      ]);
    },
    servePptp(caller) {
      account(caller);
      write('options.pptp', ['require-mschap-v2', 'name site', ...encrypted, ...common, ...quick]);
      write('pptpd.conf', [
        'option /etc/ppp/options.pptp',
        `listen ${address}`,
        'localip 10.201.0.1',
        'remoteip 10.201.0.2-99',
      ]);
      run('/usr/sbin/pptpd -f -c /etc/ppp/pptpd.conf -p /run/pptpd.pid');
    },
    callPptp(gateway, { userName, password }) {
      write('options.pptp', [
        `pty "/usr/sbin/pptp ${gateway} --nolaunchpppd --nohostroute"`,
        ...[`user "${userName}"`, `password "${password}"`, 'noauth', 'noipdefault'],
        ...['nodetach', 'persist', 'maxfail 0', 'holdoff 2'],
        ...[...encrypted, ...common, ...quick],
      ]);
      run('/usr/sbin/pppd file /etc/ppp/options.pptp');
    },
    async kill() {
      for (const daemon of running) daemon.signal('SIGKILL');
      killAllNamed(namespace.name, PROGRAMS);
      await Promise.all(running.splice(0).map(({ ended }) => ended));
      rmSync(join(directory, 'run'), { recursive: true, force: true });
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : ''),
  };
}

/** What `kill` ends, and whatever they have started. */
const PROGRAMS = ['xl2tpd', 'pptpd', 'pptpctrl', 'pppd', 'pptp', 'pptpgw', 'pptpcm'];
