import type { PolicyDocument } from '../../provider/schemas.js';
import {
  translatePolicy,
  type Devices,
  type TranslatedPolicy,
} from '../../provider/translate/index.js';
import { parseTextDocument, type TextDocument } from '../config/document.js';
import { RefusedError, type Problem } from '../errors.js';
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

/** YAML reads 001122334455 as a number; here it is a MAC address. */
const TEXT_KEYS = ['macAddress', 'name', 'vmName', 'id', 'interface'];

export function parsePolicyText(input: Input): TextDocument {
  return parseTextDocument(input.text, input.name, {
    code: 'malformedRequest',
    textKeys: TEXT_KEYS,
  });
}

/**
 * Reads a policy file and checks what can be checked without the gateway.
 * @throws ReportedFailure with every error and its place
 */
export async function readPolicyFile(
  io: CliIo,
  path: string,
  devices: Devices,
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
  const { policy, problems } = translatePolicy(value, devices);
  if (problems.length > 0)
    throw new ReportedFailure([
      ...problemLines(problems),
      `error: ${input.name} has ${problems.length} error(s); nothing was sent.`,
    ]);
  return { name: input.name, document: value as PolicyDocument, policy, problemLines };
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

/** Stands for a device that a document does not name: the gateway's first one. */
export const UNNAMED_DEVICE = '';
export const UNNAMED_DEVICES: Devices = {
  underlay: [UNNAMED_DEVICE],
  external: [UNNAMED_DEVICE],
};
