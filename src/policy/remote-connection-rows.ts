import type { ConnectionBase } from '../model/connection.js';
import type {
  Ikev2Connection,
  IpsecConnection,
  L2tpConnection,
  PointToPoint,
  PptpConnection,
} from '../model/remote-connection.js';
import { Secret } from '../model/secret.js';
import {
  ipField,
  ipOf,
  prefixField,
  prefixOf,
  type IpField,
  type PrefixField,
} from './address-fields.js';
import {
  authenticationOf,
  authenticationRow,
  mainModeOf,
  mainModeRow,
  quickModeOf,
  quickModeRow,
  type AuthenticationRow,
  type MainModeRow,
  type QuickModeRow,
} from './ipsec-rows.js';
import type { Row } from './store-rows.js';

/*
 * The fields of remote connections that follow those which all connections have, in rows of format
 * 2. The store is the one place where secrets are written in the clear; its files are for their
 * owner only.
 */

type FieldsOf<Kind extends ConnectionBase> = Omit<Kind, keyof ConnectionBase | 'type'>;

export const ikev2Fields = {
  write: (connection: Ikev2Connection): Row => [
    ipsecRow(connection),
    connection.peerAddressMayChange,
    connection.trafficSelectors === undefined
      ? null
      : [
          connection.trafficSelectors.local.map(prefixField),
          connection.trafficSelectors.remote.map(prefixField),
        ],
  ],
  read(row: Row): FieldsOf<Ikev2Connection> {
    const [ipsec, peerAddressMayChange, selectors] = row as [
      IpsecRow,
      boolean,
      readonly [local: readonly PrefixField[], remote: readonly PrefixField[]] | null,
    ];
    return {
      ...ipsecOf(ipsec),
      peerAddressMayChange,
      ...(selectors !== null && {
        trafficSelectors: {
          local: selectors[0].map(prefixOf),
          remote: selectors[1].map(prefixOf),
        },
      }),
    };
  },
};

export const l2tpFields = {
  write: (connection: L2tpConnection): Row => [
    ipsecRow(connection),
    linkRow(connection.pointToPoint),
  ],
  read(row: Row): FieldsOf<L2tpConnection> {
    const [ipsec, link] = row as [IpsecRow, LinkRow];
    return { ...ipsecOf(ipsec), pointToPoint: linkOf(link) };
  },
};

export const pptpFields = {
  write: (connection: PptpConnection): Row => [
    ipField(connection.sourceAddress),
    optionalIpField(connection.destinationAddress),
    connection.initiate,
    linkRow(connection.pointToPoint),
  ],
  read(row: Row): FieldsOf<PptpConnection> {
    const [source, destination, initiate, link] = row as [
      IpField,
      IpField | null,
      boolean,
      LinkRow,
    ];
    return {
      sourceAddress: ipOf(source),
      ...(destination !== null && { destinationAddress: ipOf(destination) }),
      initiate,
      pointToPoint: linkOf(link),
    };
  },
};

type IpsecRow = readonly [
  source: IpField,
  destination: IpField | null,
  localIdentity: string | null,
  remoteIdentity: string | null,
  initiate: boolean,
  deadPeerDetectionSeconds: number,
  mainMode: MainModeRow,
  quickMode: QuickModeRow,
  authentication: AuthenticationRow,
];

type IpsecFields = Omit<FieldsOf<IpsecConnection>, 'pointToPoint'>;

function ipsecRow(connection: IpsecConnection): IpsecRow {
  return [
    ipField(connection.sourceAddress),
    optionalIpField(connection.destinationAddress),
    connection.localIdentity ?? null,
    connection.remoteIdentity ?? null,
    connection.initiate,
    connection.deadPeerDetectionSeconds,
    mainModeRow(connection.mainMode),
    quickModeRow(connection.quickMode),
    authenticationRow(connection.authentication),
  ];
}

function ipsecOf(row: IpsecRow): IpsecFields {
  const [source, destination, localIdentity, remoteIdentity, initiate, silence, main, quick, auth] =
    row;
  return {
    sourceAddress: ipOf(source),
    ...(destination !== null && { destinationAddress: ipOf(destination) }),
    ...(localIdentity !== null && { localIdentity }),
    ...(remoteIdentity !== null && { remoteIdentity }),
    initiate,
    deadPeerDetectionSeconds: silence,
    mainMode: mainModeOf(main),
    quickMode: quickModeOf(quick),
    authentication: authenticationOf(auth),
  };
}

type LinkRow = readonly [
  PointToPoint['method'],
  userName: string,
  secret: string,
  local: IpField | null,
  remote: IpField | null,
];

function linkRow({ method, userName, secret, localAddress, remoteAddress }: PointToPoint): LinkRow {
  return [
    method,
    userName,
    secret.reveal(),
    optionalIpField(localAddress),
    optionalIpField(remoteAddress),
  ];
}

function linkOf([method, userName, secret, local, remote]: LinkRow): PointToPoint {
  return {
    method,
    userName,
    secret: new Secret(secret),
    ...(local !== null && { localAddress: ipOf(local) }),
    ...(remote !== null && { remoteAddress: ipOf(remote) }),
  };
}

function optionalIpField(address: Parameters<typeof ipField>[0] | undefined): IpField | null {
  return address === undefined ? null : ipField(address);
}
