import { proposalProblem } from '../../model/ipsec-consistency.js';
import type { IpsecConnection } from '../../model/remote-connection.js';
import { finding, type Report } from './report.js';

/** Lifetimes, identities, and whether the algorithms go together. */
export function checkIpsecParameters(connection: IpsecConnection, report: Report): void {
  const { id, type, mainMode, quickMode, deadPeerDetectionSeconds } = connection;
  const problem = proposalProblem(mainMode, quickMode, type);
  if (problem !== undefined)
    report.error(
      finding(
        connection,
        problem.path,
        'unsupportedAlgorithm',
        `Connection ${id} names algorithms that do not go together; ${problem.message}`,
      ),
    );

  const inRange = (field: string, value: number, least: number, most: number): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    report.error(
      finding(
        connection,
        field,
        'invalidValue',
        `Connection ${id} sets ${field} to ${value}; give a whole number from ${least} to ${most}.`,
      ),
    );
  };
  inRange('mainMode/saLifeTimeSeconds', mainMode.saLifeTimeSeconds, 60, 172_799);
  inRange('quickMode/saLifeTimeSeconds', quickMode.saLifeTimeSeconds, 30, 172_799);
  if (quickMode.saLifeTimeKiloBytes !== undefined)
    inRange('quickMode/saLifeTimeKiloBytes', quickMode.saLifeTimeKiloBytes, 1024, 2_147_483_647);
  inRange('deadPeerDetectionSeconds', deadPeerDetectionSeconds, 1, 3600);

  checkIdentity(connection, 'localIdentity', report);
  checkIdentity(connection, 'remoteIdentity', report);
}

const MOST_IDENTITY_CHARACTERS = 255;

function checkIdentity(
  connection: IpsecConnection,
  field: 'localIdentity' | 'remoteIdentity',
  report: Report,
): void {
  const identity = connection[field];
  if (identity === undefined) return;
  const refuse = (problem: string): void =>
    report.error(
      finding(
        connection,
        field,
        'invalidValue',
        `Connection ${connection.id} has a ${field} that ${problem}; write a name, an address, a mail address or a distinguished name.`,
      ),
    );
  if (identity.trim() !== identity || identity === '') refuse('is empty or has spaces around it');
  else if (identity.length > MOST_IDENTITY_CHARACTERS)
    refuse(`has more than ${MOST_IDENTITY_CHARACTERS} characters`);
  else if (/\p{Cc}/u.test(identity)) refuse('has control characters');
  // To charon %any is everybody, and a star stands for any part of a name.
  else if (identity.startsWith('%')) refuse('begins with %, which names no one');
  else if (field === 'localIdentity' && identity.includes('*'))
    refuse('has a star, but the gateway is one, not many');
}
