import type { Policy } from '../../model/policy.js';
import type { Ipv4 } from '../../net/ip.js';
import { assembleDomains } from './assemble-domains.js';
import { assembleUnderlay } from './assemble-underlay.js';
import { normaliseCharacters } from './characters.js';
import type { CmdletName } from './cmdlet.js';
import { evaluate } from './evaluate.js';
import type { Read } from './merge-repeats.js';
import { parseScript } from './parse-statements.js';
import {
  plainText,
  readCustomerRoute,
  readLookupRecord,
  readProviderAddress,
  readProviderRoute,
  type PolicyCall,
} from './policy-call.js';
import { createReport, type ImportNote, type ImportProblem, type Report } from './report.js';

export type { ImportNote, ImportProblem } from './report.js';

export interface ImportOptions {
  /** Which of the provider addresses in the script is the gateway's own. */
  readonly gatewayProviderAddress?: Ipv4;
  /** Configured name of the underlay device that has it; `underlay` unless set. */
  readonly interfaceName?: string;
}

export interface ImportResult {
  /** What could be read; when there are problems, not all of what the script says. */
  readonly policy: Policy;
  /** What was left out, because a policy has no place for it. */
  readonly notes: readonly ImportNote[];
  /** What a policy needs and could not be read. */
  readonly problems: readonly ImportProblem[];
}

/**
 * Reads the policy out of a PowerShell script made of `New-NetVirtualizationLookupRecord`,
 * `CustomerRoute`, `ProviderAddress` and `ProviderRoute` (module NetWNV), or out of a page that has
 * such a script in it. Never throws: whatever it cannot read is a note or a problem with its line.
 */
export function importPowerShell(text: string, options: ImportOptions = {}): ImportResult {
  const report = createReport();
  const calls = evaluate(parseScript(normaliseCharacters(text)), report);
  const routes = readAll(calls, 'New-NetVirtualizationCustomerRoute', readCustomerRoute, report);
  const records = readAll(calls, 'New-NetVirtualizationLookupRecord', readLookupRecord, report);
  const hosts = readAll(calls, 'New-NetVirtualizationProviderAddress', readProviderAddress, report);
  const underlayRoutes = readAll(
    calls,
    'New-NetVirtualizationProviderRoute',
    readProviderRoute,
    report,
  );
  const policy: Policy = {
    ...assembleUnderlay(
      hosts,
      underlayRoutes,
      options.gatewayProviderAddress,
      options.interfaceName ?? 'underlay',
      report,
    ),
    routingDomains: assembleDomains(routes, records, unreadVsids(calls, routes), report),
  };
  return { policy, notes: report.notes(), problems: report.problems() };
}

function readAll<T>(
  calls: readonly PolicyCall[],
  cmdlet: CmdletName,
  read: (call: PolicyCall, report: Report) => T | undefined,
  report: Report,
): Read<T>[] {
  return calls.flatMap((call) => {
    if (call.cmdlet !== cmdlet) return [];
    const value = read(call, report);
    return value === undefined ? [] : [{ line: call.line, value }];
  });
}

/** VSIDs that only customer routes with problems name. */
function unreadVsids(
  calls: readonly PolicyCall[],
  routes: readonly Read<{ readonly vsid: number }>[],
): Set<number> {
  const named = calls
    .filter(({ cmdlet }) => cmdlet === 'New-NetVirtualizationCustomerRoute')
    .map((call) => Number(plainText(call, 'VirtualSubnetID')));
  const read = new Set(routes.map(({ value }) => value.vsid));
  return new Set(named.filter((vsid) => !read.has(vsid)));
}
