import type { Command } from 'commander';
import { judgePolicy, translatePolicy } from '../../../provider/translate/index.js';
import type { Config } from '../../config/config.js';
import type { LocatedProblem } from '../../config/document.js';
import { loadConfig, parseConfig } from '../../config/load.js';
import { RefusedError } from '../../errors.js';
import type { Policy } from '../../model/policy.js';
import type { PolicyEnvironment } from '../../policy/environment.js';
import { anyVpnSupport } from '../any-vpn-support.js';
import type { GlobalOptions } from '../connect.js';
import { problemLine, ReportedFailure } from '../failure.js';
import { readInput, type Input } from '../input.js';
import { printLine, type CliIo } from '../io.js';
import { printAnswer, renderTable } from '../output.js';
import { ANY_DEVICE, parsePolicyText, permissiveEnvironment } from '../policy-file.js';

export function addValidate(program: Command, io: CliIo): void {
  program
    .command('validate')
    .description('check configuration and policy files, without a gateway')
    .argument('<file...>', 'YAML or JSON; - is standard input')
    .addHelpText(
      'after',
      '\nA file with apiVersion is a policy, any other a configuration. A policy is checked for the' +
        '\ndevices and limits of --config; without it, every device name is accepted. Which VPN' +
        '\nprotocols and algorithms the system of the gateway has is known only there.',
    )
    .action(async (paths: string[], _: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const config = options.config === undefined ? undefined : loadConfig(options.config);
      const checks: Check[] = [];
      for (const path of paths) checks.push(checkFile(await readInput(io, path), config));
      for (const { file, warnings } of checks)
        for (const warning of warnings)
          printLine(io.stderr, `warning: ${problemLine(warning, file)}`);
      await printAnswer(io, options.output, checks, () => renderTable(COLUMNS, checks));
      const lines = checks.flatMap(({ file, errors }) =>
        errors.map((problem) => problemLine(problem, file)),
      );
      if (lines.length > 0) throw new ReportedFailure(lines);
    });
}

interface Check {
  readonly file: string;
  readonly kind: 'policy' | 'configuration';
  readonly valid: boolean;
  readonly errors: readonly LocatedProblem[];
  readonly warnings: readonly LocatedProblem[];
}

const COLUMNS = [
  { header: 'FILE', cell: (check: Check) => check.file },
  { header: 'KIND', cell: (check: Check) => check.kind },
  { header: 'RESULT', cell: ({ errors }: Check) => resultText(errors.length) },
] as const;

function resultText(errors: number): string {
  if (errors === 0) return 'valid';
  return errors === 1 ? '1 error' : `${errors} errors`;
}

function checkFile(input: Input, config: Config | undefined): Check {
  const kind = looksLikePolicy(input.text) ? 'policy' : 'configuration';
  try {
    const { errors, warnings } =
      kind === 'policy' ? checkPolicy(input, config) : checkConfiguration(input);
    return { file: input.name, kind, valid: errors.length === 0, errors, warnings };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { file: input.name, kind, valid: false, errors: error.problems, warnings: [] };
  }
}

/** By the text, because it may be neither YAML nor right. */
function looksLikePolicy(text: string): boolean {
  return /^[\s{,]*["']?(apiVersion|routingDomains|providerAddresses|providerRoutes)["']?\s*:/m.test(
    text,
  );
}

type Findings = Pick<Check, 'errors' | 'warnings'>;

function checkConfiguration(input: Input): Findings {
  parseConfig(input.text, input.name);
  return { errors: [], warnings: [] };
}

function checkPolicy(input: Input, config: Config | undefined): Findings {
  const { value, locate } = parsePolicyText(input);
  const devices = config === undefined ? ANY_DEVICE : deviceNames(config);
  const translated = translatePolicy(value, devices);
  const found = judgePolicy(translated, environmentOf(translated.policy, config));
  return { errors: locate(found.errors), warnings: locate(found.warnings) };
}

function deviceNames(config: Config): Pick<PolicyEnvironment, 'underlay' | 'external'> {
  return {
    underlay: config.underlay.map((device) => device.name),
    external: config.external.map((device) => device.name),
  };
}

function environmentOf(policy: Policy, config: Config | undefined): PolicyEnvironment {
  return config === undefined
    ? permissiveEnvironment(policy)
    : {
        ...deviceNames(config),
        limits: config.limits,
        vpn: anyVpnSupport(config.allowInsecureVpn),
      };
}
