import type { MainMode, QuickMode } from '../../model/ipsec.js';
import type { IpsecConnection, RemoteConnection } from '../../model/remote-connection.js';
import { INSECURE, type AlgorithmSupport, type VpnSupport } from '../../model/vpn-support.js';
import { linkField } from '../secrets.js';
import { finding, type Report } from './report.js';

/** Whether this gateway can hold a connection, and may (G5, G6). */
export function checkVpnSupport(
  vpn: VpnSupport,
  connection: RemoteConnection,
  report: Report,
): void {
  const { id, type } = connection;
  if (INSECURE.types.includes(type)) insecure(vpn, connection, 'type', type, report);
  const reason = vpn.unavailable[type];
  if (reason !== undefined) {
    report.error(
      finding(
        connection,
        'type',
        'unsupportedConnection',
        `Connection ${id} cannot be of type ${type} on this gateway (${reason.replace(/\.$/, '')}); mend that, or choose another type.`,
      ),
    );
    // Without the type the rest is not there either: one reason says it all.
    return;
  }
  checkMethods(vpn, connection, report);
  if (type !== 'pptp') checkAlgorithms(vpn, connection, report);
}

function checkMethods(vpn: VpnSupport, connection: RemoteConnection, report: Report): void {
  const methods: { field: string; method: VpnSupport['authenticationMethods'][number] }[] = [];
  if (connection.type !== 'pptp')
    methods.push({ field: 'authentication', method: connection.authentication.method });
  if (connection.type !== 'ikev2')
    methods.push({ field: linkField(connection), method: connection.pointToPoint.method });
  for (const { field, method } of methods)
    if (!vpn.authenticationMethods.includes(method))
      report.error(
        finding(
          connection,
          `${field}/method`,
          'unsupportedConnection',
          `Connection ${connection.id} authenticates by ${method}, which this gateway cannot do; it can do ${listed(vpn.authenticationMethods)}.`,
        ),
      );
}

type AlgorithmField =
  | readonly ['mainMode', keyof MainMode, keyof AlgorithmSupport]
  | readonly ['quickMode', keyof QuickMode, keyof AlgorithmSupport];

const ALGORITHMS: readonly AlgorithmField[] = [
  ['mainMode', 'encryptionAlgorithm', 'encryptionAlgorithms'],
  ['mainMode', 'integrityAlgorithm', 'integrityAlgorithms'],
  ['mainMode', 'diffieHellmanGroup', 'diffieHellmanGroups'],
  ['quickMode', 'cipherTransformationConstant', 'cipherTransformations'],
  ['quickMode', 'authenticationTransformationConstant', 'authenticationTransformations'],
  ['quickMode', 'perfectForwardSecrecy', 'perfectForwardSecrecy'],
];

function checkAlgorithms(vpn: VpnSupport, connection: IpsecConnection, report: Report): void {
  for (const field of ALGORITHMS) {
    const algorithm = String(
      field[0] === 'mainMode' ? connection.mainMode[field[1]] : connection.quickMode[field[1]],
    );
    const path = `${field[0]}/${field[1]}`;
    const kind = field[2];
    const weak: readonly string[] = INSECURE[kind];
    const known: readonly string[] = vpn[kind];
    const allowed = known.filter((each) => vpn.allowInsecure || !weak.includes(each));
    if (!known.includes(algorithm))
      report.error(
        finding(
          connection,
          path,
          'unsupportedAlgorithm',
          `Connection ${connection.id} asks for ${algorithm}, which this gateway cannot do; it can do ${listed(allowed)}.`,
        ),
      );
    else if (weak.includes(algorithm)) insecure(vpn, connection, path, algorithm, report);
  }
}

/** Refused, or no more than warned about where the operator has allowed it. */
function insecure(
  { allowInsecure }: VpnSupport,
  connection: RemoteConnection,
  field: string,
  what: string,
  report: Report,
): void {
  const weak = `Connection ${connection.id} uses ${what}, which can be broken`;
  if (allowInsecure)
    report.warn(
      finding(
        connection,
        field,
        'insecureConnection',
        `${weak}; choose something stronger as soon as the peer can do it.`,
      ),
    );
  else
    report.error(
      finding(
        connection,
        field,
        'insecureConnection',
        `${weak}; choose something stronger, or set allowInsecureVpn in the configuration.`,
      ),
    );
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none at all' : names.join(', ');
}
