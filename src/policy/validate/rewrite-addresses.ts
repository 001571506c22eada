import { isRewritten, type LookupRecord } from '../../model/lookup-record.js';
import { formatIp } from '../../net/ip.js';
import type { DomainView } from './domain-view.js';
import { nameOf } from './lookup-records.js';
import { finding, type Report } from './report.js';

/**
 * IP Rewrite (N13) is one CA to one PA: nothing else in a packet on the underlay says whose it is. The
 * PA may be one that NVGRE comes to as well, which GRE tells apart.
 */
export function checkRewriteAddress(view: DomainView, record: LookupRecord, report: Report): void {
  if (!isRewritten(record)) return;
  const [first] = view.index.rewritten.get(record.providerAddress) ?? [];
  if (first === undefined) return;
  const [other, domain] = first;
  if (other === record) return;
  const where = domain === view.domain.head.id ? '' : ` of routing domain ${domain}`;
  report.error(
    finding(
      record,
      'providerAddress',
      'duplicate',
      `${nameOf(record)} and ${inSentence(nameOf(other))}${where} have rule nat and one PA, ${formatIp(record.providerAddress)}, which can stand for one of them only; give each a PA of its own or the rule encap.`,
    ),
  );
}

function inSentence(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
}
