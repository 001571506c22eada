import type { IpsecConnection } from '../../../model/remote-connection.js';
import type { CharonLog, Explanation } from './log.js';

const UNACCEPTABLE =
  /^(received proposals unacceptable|no acceptable proposal found|no proposal found|no matching proposal found, sending NO_PROPOSAL_CHOSEN)$/;

/** The ends have no algorithms in common. */
export function proposalRule(log: CharonLog): Explanation | undefined {
  const message = refusedByUs(log) ?? otherVersion(log) ?? otherGroup(log) ?? refusedByPeer(log);
  return message === undefined ? undefined : { cause: 'noProposalChosen', message };
}

function refusedByUs({ has, find, peer }: CharonLog): string | undefined {
  if (!has(UNACCEPTABLE)) return undefined;
  const [theirs = ''] = find(/^received proposals: (.*)$/) ?? [];
  const [ours = ''] = find(/^configured proposals: (.*)$/) ?? [];
  const [mode, protocol] = theirs.startsWith('ESP') ? ['quickMode', 'ESP'] : ['mainMode', 'IKE'];
  return `The ${peer} and this connection have no ${protocol} algorithms in common. The peer proposes ${theirs}; this connection takes ${ours}. Make ${mode} the same at both ends.`;
}

/** charon knows no connection of that version with that address. */
function otherVersion({ find, has, peer, spec }: CharonLog): string | undefined {
  if (find(/^no IKE config found for .*, sending NO_PROPOSAL_CHOSEN$/) === undefined)
    return undefined;
  const theirs = has(/^parsed (ID_PROT|AGGRESSIVE) request /) ? 1 : 2;
  const ours = versionOf(spec.connection);
  return theirs === ours
    ? `The ${peer} calls from or to an address that this connection does not have. Compare destinationAddress and sourceAddress with what the peer uses.`
    : `The ${peer} speaks IKEv${theirs}, this connection IKEv${ours} (type ${spec.connection.type}). Choose the same at both ends.`;
}

function otherGroup({ find, peer, spec }: CharonLog): string | undefined {
  const [, wanted] =
    find(/^peer didn't accept (?:DH group|key exchange method) (\S+), it requested (\S+)$/) ?? [];
  return wanted === undefined
    ? undefined
    : `The ${peer} wants the Diffie-Hellman group ${wanted}; this connection has ${spec.connection.mainMode.diffieHellmanGroup}. Make mainMode.diffieHellmanGroup the same at both ends.`;
}

function refusedByPeer({ has, peer, spec }: CharonLog): string | undefined {
  if (!has(/^received NO_PROPOSAL_CHOSEN (notify error|error notify|notify, no CHILD_SA built)$/))
    return undefined;
  // The IKE SA was there already: what is refused is ESP.
  return has(/^IKE_SA .* established between /)
    ? `The ${peer} takes none of the ESP algorithms that this connection proposes: ${quickModeWords(spec.connection)}. Make quickMode the same at both ends; the peer's log has what it takes.`
    : `The ${peer} takes none of the IKE algorithms that this connection proposes (${mainModeWords(spec.connection)}), or has no connection for our address and IKEv${versionOf(spec.connection)}. Make mainMode the same at both ends; the peer's log has what it takes.`;
}

function versionOf({ type }: IpsecConnection): 1 | 2 {
  return type === 'ikev2' ? 2 : 1;
}

function mainModeWords({ mainMode }: IpsecConnection): string {
  return `${mainMode.encryptionAlgorithm}, ${mainMode.integrityAlgorithm}, ${mainMode.diffieHellmanGroup}`;
}

function quickModeWords({ quickMode }: IpsecConnection): string {
  const cipher = quickMode.cipherTransformationConstant;
  const authentication = quickMode.authenticationTransformationConstant;
  const algorithms = cipher === authentication ? cipher : `${cipher}, ${authentication}`;
  return `${algorithms}, perfect forward secrecy ${quickMode.perfectForwardSecrecy}`;
}
