import type { L2tpConnection, PptpConnection } from '../../model/remote-connection.js';
import { isKept } from '../../model/secret.js';
import { formatIp, isIpv4 } from '../../net/ip.js';
import { linkField } from '../secrets.js';
import { vsidAround, type DomainView } from './domain-view.js';
import { finding, type Report } from './report.js';
import { reservedBlockOfAddress } from './reserved-blocks.js';

type LinkConnection = L2tpConnection | PptpConnection;

/** The addresses of both ends of a PPP link. */
export function checkLinkAddresses(
  view: DomainView,
  connection: LinkConnection,
  report: Report,
): void {
  const { localAddress, remoteAddress } = connection.pointToPoint;
  checkLinkAddress(view, connection, 'localAddress', report);
  checkLinkAddress(view, connection, 'remoteAddress', report);
  if (localAddress !== undefined && localAddress === remoteAddress)
    report.error(
      finding(
        connection,
        'pointToPoint/remoteAddress',
        'invalidAddress',
        `Both ends of the link of connection ${connection.id} have the address ${formatIp(localAddress)}; give each its own.`,
      ),
    );
}

function checkLinkAddress(
  view: DomainView,
  connection: LinkConnection,
  end: 'localAddress' | 'remoteAddress',
  report: Report,
): void {
  const field = `pointToPoint/${end}`;
  const address = connection.pointToPoint[end];
  if (address === undefined) {
    // A peer that calls asks for its address, and has none to give.
    if (connection.destinationAddress === undefined)
      report.error(
        finding(
          connection,
          field,
          'missingField',
          `Connection ${connection.id} waits for its peer to call, so it has to give both ends of the link an address; name one here.`,
        ),
      );
    return;
  }
  const name = `Link address ${formatIp(address)} of connection ${connection.id}`;
  const reserved = reservedBlockOfAddress(address);
  if (!isIpv4(address))
    report.error(
      finding(
        connection,
        field,
        'invalidAddress',
        `${name} is IPv6, but the link carries IPv4 only; choose an IPv4 address.`,
      ),
    );
  else if (reserved !== undefined)
    report.error(
      finding(
        connection,
        field,
        'invalidAddress',
        `${name} is no unicast address (${reserved}); choose another.`,
      ),
    );
  const vsid = vsidAround(view, address);
  if (vsid !== undefined)
    report.error(
      finding(
        connection,
        field,
        'overlappingPrefix',
        `${name} lies in VSID ${vsid} of the same routing domain; choose one outside.`,
      ),
    );
}

/** pppd's MAXNAMELEN and MAXSECRETLEN, less the closing NUL. */
const MOST_BYTES = 255;

/** User name and password of a PPP link. */
export function checkLinkSecret(connection: LinkConnection, report: Report): void {
  const { userName, secret } = connection.pointToPoint;
  checkWord(connection, 'userName', userName, report);
  if (!isKept(secret)) checkWord(connection, 'secret', secret.reveal(), report);
}

function checkWord(
  connection: LinkConnection,
  key: 'userName' | 'secret',
  word: string,
  report: Report,
): void {
  const noun = key === 'userName' ? 'user name' : 'password';
  const refuse = (problem: string): void =>
    report.error(
      finding(
        connection,
        `${linkField(connection)}/${key}`,
        'invalidValue',
        `The ${noun} of connection ${connection.id} ${problem}; give 1 to ${MOST_BYTES} bytes without control characters.`,
      ),
    );
  if (word === '') refuse('is empty');
  else if (Buffer.byteLength(word) > MOST_BYTES) refuse('is too long for PPP');
  else if (CONTROL_CHARACTER.test(word)) refuse('has control characters');
}

/** pppd reads names and passwords from lines of text. */
const CONTROL_CHARACTER = /\p{Cc}/u;
