import { isRemote, type Connection } from '../model/connection.js';
import type { Secret } from '../model/secret.js';

/** A secret of a connection, and the way to it from the connection, as the document has it. */
export interface PlacedSecret {
  readonly field: string;
  readonly secret: Secret;
}

/** All secrets that a connection holds in itself; those in files are not among them. */
export function secretsOf(connection: Connection): PlacedSecret[] {
  if (!isRemote(connection)) return [];
  if (connection.type === 'pptp')
    return [{ field: `${linkField(connection)}/secret`, secret: connection.pointToPoint.secret }];
  const secrets: PlacedSecret[] = [];
  const { authentication } = connection;
  if (authentication.method === 'psk')
    secrets.push({ field: 'authentication/secret', secret: authentication.secret });
  else if ('privateKey' in authentication.credential)
    secrets.push({
      field: 'authentication/privateKey',
      secret: authentication.credential.privateKey,
    });
  if (connection.type === 'l2tp')
    secrets.push({
      field: `${linkField(connection)}/secret`,
      secret: connection.pointToPoint.secret,
    });
  return secrets;
}

/** Where the document has user name and password of a PPP link: all that PPTP authenticates with. */
export function linkField({ type }: { readonly type: 'l2tp' | 'pptp' }): string {
  return type === 'pptp' ? 'authentication' : 'pointToPoint';
}
