import { join } from 'node:path';
import type { IpsecDataPath } from '../../model/vpn-support.js';

export interface CharonOptions {
  readonly dataPath: IpsecDataPath;
  /** Absolute. The socket `charon.vici` is made in it. */
  readonly directory: string;
}

/**
 * What charon loads, in this order. `openssl` has all algorithms; `random` the entropy of keys;
 * `pem` to `constraints` read and judge certificates; `curl` fetches revocation lists and asks OCSP
 * responders. Of two plugins for ESP the first is taken.
 */
const PLUGINS: Readonly<Record<IpsecDataPath, string>> = (() => {
  const common = 'random nonce openssl kdf pem pkcs1 pkcs8 x509 pubkey revocation constraints curl';
  const end = 'kernel-netlink socket-default vici';
  return {
    kernel: `${common} ${end}`,
    userSpace: `${common} kernel-libipsec ${end}`,
  };
})();

/**
 * The strongswan.conf (5) of one charon-systemd: of one routing domain, in its namespace. Routes,
 * restarts and retries are ours, so charon's own are off.
 */
export function strongswanConf(options: CharonOptions): string {
  const socket = join(options.directory, 'charon.vici');
  return `charon-systemd {
  load = ${PLUGINS[options.dataPath]}
  threads = 16
  # Logs go by VICI events only: no file to fill a disk.
  journal {
    default = -1
  }
  syslog {
    auth {
      default = -1
    }
    daemon {
      default = -1
    }
  }

  # kernel-libipsec makes routes in spite of install_routes. They go to a table that no packet is
  # looked up in: the rule asks for a mark that none has.
  install_routes = no
  install_virtual_ip = no
  process_route = no
  routing_table = 220
  routing_table_prio = 40000

  # A silent peer is given up 27 s after the first unanswered message, and asked every 6 s at least.
  retransmit_timeout = 2.0
  retransmit_base = 1.5
  retransmit_limit = 6
  retransmit_tries = 5
  make_before_break = yes
  # An IKE SA without its child is of no use to us; ended, it is tried again as a whole.
  close_ike_on_child_failure = yes

  # A flood of first messages meets cookies, then silence; peers with an SA are not affected.
  half_open_timeout = 30
  cookie_threshold = 10
  cookie_threshold_ip = 3
  block_threshold = 5
  init_limit_half_open = 100
  init_limit_job_load = 200

  send_vendor_id = no
  plugins {
    vici {
      socket = ${quoted(`unix://${socket}`)}
    }
    kernel-netlink {
      # Routes and addresses of the namespace change all the time; the gateway's end never does.
      roam_events = no
      fwmark = ${UNUSED_MARK}
    }
  }
}
`;
}

/** Packets carry no such mark: nothing in our namespaces sets any. */
const UNUSED_MARK = '0xfffffffe';

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
