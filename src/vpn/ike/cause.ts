import { certificateRule } from './cause/certificate.js';
import { authenticationRule, identityRule } from './cause/identity.js';
import {
  readLog,
  shorten,
  type CharonLog,
  type Explanation,
  type FailureContext,
} from './cause/log.js';
import { proposalRule } from './cause/proposal.js';
import { selectorRule } from './cause/selectors.js';
import { localRule, peerRule, silenceRule } from './cause/transport.js';

export type { Explanation, FailureContext } from './cause/log.js';

type Rule = (log: CharonLog) => Explanation | undefined;

/**
 * The more a message says the earlier it is looked for: a refused certificate also ends in
 * "authentication failed", and a peer that was found out stops answering.
 */
const RULES: readonly Rule[] = [
  localRule,
  certificateRule,
  identityRule,
  proposalRule,
  selectorRule,
  authenticationRule,
  peerRule,
  silenceRule,
];

/** What charon says of every message, whatever happens. */
const EVERYDAY =
  /^(sending packet|received packet|generating|parsed|retransmit|(added|removed|updated) vici connection|loaded |vici )/;

/**
 * Why a try to bring a tunnel up has failed, from charon's log of this try: lines of the
 * `control-log` event (we called) or the `log` events of the IKE SA (the peer called), oldest
 * first. Lines that belong to no IKE SA help too, as long as they are of the same peer.
 *
 * The message quotes what the peer says of itself (identity, certificate, proposals), shortened.
 */
export function explainFailure(lines: readonly string[], context: FailureContext): Explanation {
  const log = readLog(lines, context);
  for (const rule of RULES) {
    const explanation = rule(log);
    if (explanation !== undefined) return explanation;
  }
  const last = lines.findLast((line) => !EVERYDAY.test(line));
  return {
    cause: 'other',
    message:
      last === undefined
        ? 'The tunnel is not up, and charon has not said why.'
        : `The tunnel could not be set up. charon's last message: ${shorten(last)}`,
  };
}
