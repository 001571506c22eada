import type { Command } from 'commander';
import { formatPolicy } from '../../../provider/translate/index.js';
import { parseIpv4 } from '../../net/ip.js';
import { importPowerShell } from '../../policy/import-powershell/index.js';
import type { GlobalOptions } from '../connect.js';
import { ReportedFailure, UsageError } from '../failure.js';
import { readInput } from '../input.js';
import { printLine, type CliIo } from '../io.js';
import { printAnswer } from '../output.js';

interface ConvertOptions extends GlobalOptions {
  readonly gatewayPa?: string;
  readonly interface?: string;
}

export function addConvert(program: Command, io: CliIo): void {
  program
    .command('convert')
    .description('turn a PowerShell policy script into a policy file')
    .argument('<file.ps1>', 'script of New-NetVirtualization… lines; - is standard input')
    .option('--gateway-pa <address>', 'provider address that is this gateway’s own')
    .option('--interface <name>', 'underlay device of that address (default: underlay)')
    .addHelpText(
      'after',
      '\nPrints YAML, or JSON with -o json. What a policy has no place for is named with its line;' +
        '\nwith a line that cannot be read there is no policy at all.',
    )
    .action(async (path: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<ConvertOptions>();
      const { gatewayPa, interface: interfaceName } = options;
      const input = await readInput(io, path);
      const { policy, notes, problems } = importPowerShell(input.text, {
        ...(gatewayPa === undefined ? {} : { gatewayProviderAddress: gatewayAddress(gatewayPa) }),
        ...(interfaceName === undefined ? {} : { interfaceName }),
      });
      for (const { line, message } of notes)
        printLine(io.stderr, `${input.name}:${line}: note: ${message}`);
      if (problems.length > 0)
        throw new ReportedFailure([
          ...problems.map(
            ({ line, message, code }) => `${input.name}:${line}: ${message} (${code})`,
          ),
          `error: ${input.name} has ${problems.length} line(s) that cannot be read as policy.`,
        ]);
      const format = options.output === 'json' ? 'json' : 'yaml';
      await printAnswer(io, format, formatPolicy(policy), () => []);
    });
}

function gatewayAddress(text: string): ReturnType<typeof parseIpv4> {
  try {
    return parseIpv4(text);
  } catch {
    throw new UsageError(`--gateway-pa: "${text}" is not an IPv4 address like 10.1.1.40.`);
  }
}
