import type { PeerConfiguration } from './office-charon.js';
import type { ConfSection } from './office-conf.js';
import type { Authority, Leaf } from './pki.js';

export interface PeeringOptions {
  /** Of the other end; absent = whoever calls. */
  readonly remoteAddress?: string;
  /** As the certificate or key says; the address where absent. */
  readonly localIdentity?: string;
  /** Anybody that authenticates where absent and the address is. */
  readonly remoteIdentity?: string;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
  readonly authentication: PeerAuthentication;
  /** Keys of the connection in swanctl.conf, besides or instead of those from above. */
  readonly connection?: ConfSection;
  /** Keys of the child in swanctl.conf. */
  readonly child?: ConfSection;
}

export type PeerAuthentication =
  | { readonly method: 'psk'; readonly secret: string }
  | {
      readonly method: 'certificate';
      readonly leaf: Leaf;
      readonly authority: Authority;
      /** Whose certificates the other end may have; the own authority's where absent. */
      readonly trusted?: Authority;
      /** PEM */
      readonly revocationLists?: readonly string[];
      readonly revocation?: 'relaxed' | 'strict';
    };

/** Names in the swanctl.conf of {@link peering}. */
export const PEER = { connection: 'gateway', child: 'net' } as const;

/** swanctl.conf of a peer with one connection and one child, as a person would write it. */
export function peering(options: PeeringOptions): PeerConfiguration {
  const { remoteAddress, authentication, localIdentity, remoteIdentity } = options;
  const { local, remote, secrets, files } = authenticationParts(authentication);
  return {
    swanctl: {
      connections: {
        [PEER.connection]: {
          ...{ version: 2, proposals: 'aes256-sha256-modp2048', mobike: 'no' },
          ...{ dpd_delay: '2s', keyingtries: 1 },
          ...(remoteAddress === undefined ? {} : { remote_addrs: remoteAddress }),
          ...options.connection,
          local: { ...local, ...(localIdentity === undefined ? {} : { id: localIdentity }) },
          remote: { ...remote, ...(remoteIdentity === undefined ? {} : { id: remoteIdentity }) },
          children: {
            [PEER.child]: {
              local_ts: options.localSelectors.join(','),
              remote_ts: options.remoteSelectors.join(','),
              esp_proposals: 'aes256gcm128-modp2048',
              ...options.child,
            },
          },
        },
      },
      secrets,
    },
    files,
  };
}

interface AuthenticationParts {
  readonly local: ConfSection;
  readonly remote: ConfSection;
  readonly secrets: ConfSection;
  readonly files: Readonly<Record<string, string>>;
}

function authenticationParts(authentication: PeerAuthentication): AuthenticationParts {
  if (authentication.method === 'psk')
    return {
      ...{ local: { auth: 'psk' }, remote: { auth: 'psk' } },
      ...{ secrets: { 'ike-gateway': { secret: authentication.secret } }, files: {} },
    };
  const { leaf, authority, trusted = authority, revocationLists = [] } = authentication;
  return {
    local: { auth: 'pubkey', certs: 'leaf.pem', id: leaf.name },
    remote: {
      auth: 'pubkey',
      cacerts: 'trusted.pem',
      revocation: authentication.revocation ?? 'relaxed',
    },
    secrets: {},
    files: {
      'x509/leaf.pem': leaf.certificate,
      'private/leaf.pem': leaf.privateKey,
      'x509ca/trusted.pem': trusted.certificate,
      ...Object.fromEntries(revocationLists.map((list, index) => [`x509crl/${index}.pem`, list])),
    },
  };
}
