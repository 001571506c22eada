import type { PolicyDocument } from '../../provider/schemas.js';
import {
  judgePolicy,
  translatePolicy,
  type Devices,
  type TranslatedPolicy,
} from '../../provider/translate/index.js';
import { parseTextDocument, type TextDocument } from '../config/document.js';
import { DEFAULT_CONFIG } from '../config/defaults.js';
import { RefusedError, type Problem } from '../errors.js';
import type { Policy } from '../model/policy.js';
import type { PolicyEnvironment } from '../policy/environment.js';
import { anyVpnSupport } from './any-vpn-support.js';
import { problemLine, ReportedFailure } from './failure.js';
import { readInput, type Input } from './input.js';
import type { CliIo } from './io.js';

/** A policy file that has been read without error. */
export interface PolicyFile {
  readonly name: string;
  readonly document: PolicyDocument;
  readonly policy: TranslatedPolicy['policy'];
  /** Lines for problems whose paths point into the file. */
  readonly problemLines: (problems: readonly Problem[]) => string[];
}

/** YAML reads 001122334455 as a number; here it is a MAC address, or a secret. */
const TEXT_KEYS = [
  ...['macAddress', 'name', 'vmName', 'id', 'interface'],
  ...['secret', 'userName', 'localIdentity', 'remoteIdentity'],
];

export function parsePolicyText(input: Input): TextDocument {
  return parseTextDocument(input.text, input.name, {
    code: 'malformedRequest',
    textKeys: TEXT_KEYS,
  });
}

export interface PolicyFileUse {
  /** The file is the whole policy: what it names and does not hold is an error. */
  readonly whole: boolean;
}

/**
 * Reads a policy file. One that cannot be sent is judged here as far as that is possible without
 * the gateway, so that all its errors come at once.
 * @throws ReportedFailure with every error and its place
 */
export async function readPolicyFile(
  io: CliIo,
  path: string,
  devices: Devices,
  { whole }: PolicyFileUse,
): Promise<PolicyFile> {
  const input = await readInput(io, path);
  const { value, locate } = parseOrReport(input);
  const problemLines = (problems: readonly Problem[]) =>
    problems.map((problem) =>
      // The path of an object that the gateway has already is no place in the file.
      problem.path.startsWith('/v1/')
        ? problemLine(problem)
        : locate([problem])
            .map((placed) => problemLine(placed, input.name))
            .join(''),
    );
  const translated = translatePolicy(value, devices);
  const { policy, problems } = translated;
  if (problems.length > 0) {
    const errors = whole ? judgePolicy(translated, permissiveEnvironment(policy)).errors : problems;
    throw new ReportedFailure([
      ...problemLines(errors),
      `error: ${input.name} has ${errors.length} error(s); nothing was sent.`,
    ]);
  }
  return { name: input.name, document: value as PolicyDocument, policy, problemLines };
}

/**
 * Accepts every device that the policy names, every remote connection, weak ones too, and the
 * limits that a gateway has by default.
 */
export function permissiveEnvironment(policy: Policy): PolicyEnvironment {
  const underlay = new Set<string>(ANY_DEVICE.underlay);
  const external = new Set<string>(ANY_DEVICE.external);
  for (const record of policy.providerAddresses.values()) underlay.add(record.interface);
  for (const domain of policy.routingDomains.values())
    for (const connection of domain.connections.values())
      if (connection.interface !== undefined) external.add(connection.interface);
  return {
    underlay: [...underlay],
    external: [...external],
    limits: DEFAULT_CONFIG.limits,
    vpn: anyVpnSupport(true),
  };
}

function parseOrReport(input: Input): TextDocument {
  try {
    return parsePolicyText(input);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new ReportedFailure([
      ...error.problems.map((problem) => problemLine(problem, input.name)),
      `error: ${error.message}`,
    ]);
  }
}

/** What a gateway's devices are called where its configuration is not at hand. */
export const ANY_DEVICE = { underlay: ['underlay'], external: ['external'] } as const;

/** Stands for a device that a document does not name: the gateway's first one. */
export const UNNAMED_DEVICE = '';
export const UNNAMED_DEVICES: Devices = {
  underlay: [UNNAMED_DEVICE],
  external: [UNNAMED_DEVICE],
};
