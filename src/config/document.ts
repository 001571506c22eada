import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument as parseYaml,
  visit,
  type Document,
  type ParsedNode,
} from 'yaml';
import { RefusedError, type ErrorCode, type Problem } from '../errors.js';

/** Where something stands in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem and, where it could be found, its place in the file. */
export interface LocatedProblem extends Problem {
  readonly position?: Position;
}

/** A YAML or JSON file that has been read. */
export interface TextDocument {
  readonly value: unknown;
  /** Adds the place of each problem's path, or of the nearest thing around it. */
  readonly locate: (problems: readonly Problem[]) => LocatedProblem[];
}

export interface DocumentOptions {
  /** Code of the error for text that is not YAML. */
  readonly code: ErrorCode;
  /** Keys whose values are text even where YAML would see a number: `macAddress: 001122334455`. */
  readonly textKeys?: readonly string[];
}

/**
 * Reads one YAML or JSON document.
 * @param source what messages call it, for example the file name
 * @throws RefusedError with the options' code, every syntax error listed
 */
export function parseTextDocument(
  text: string,
  source: string,
  options: DocumentOptions,
): TextDocument {
  const json = parseJson(text);
  if (json !== undefined) {
    let parsed: YamlText | undefined;
    return {
      value: json.value,
      locate: (problems) => locate((parsed ??= parseYamlText(text)), problems),
    };
  }
  const parsed = parseYamlText(text);
  refuseSyntaxErrors(parsed, source, options.code);
  keepText(parsed.document, options.textKeys ?? []);
  return {
    value: toValue(parsed, source, options.code),
    locate: (problems) => locate(parsed, problems),
  };
}

interface YamlText {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function parseYamlText(text: string): YamlText {
  const lines = new LineCounter();
  return { document: parseYaml(text, { lineCounter: lines, prettyErrors: false }), lines };
}

/** A policy of a million records is JSON as a rule, and JSON.parse reads it in a tenth of the time. */
function parseJson(text: string): { value: unknown } | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function refuseSyntaxErrors({ document, lines }: YamlText, source: string, code: ErrorCode): void {
  if (document.errors.length === 0) return;
  const problems = document.errors.map((error): LocatedProblem => {
    const { line, col } = lines.linePos(error.pos[0]);
    const sentence = withoutQuotation(error.message).replace(/\.?$/, '.');
    return { path: '', code, message: sentence, position: { line, column: col } };
  });
  throw new RefusedError(code, `${source} is not valid YAML.`, problems);
}

/** The parser quotes what it stumbles over behind a colon, and that may be a secret. */
function withoutQuotation(message: string): string {
  return message.replace(/: .*$/s, '');
}

function toValue({ document }: YamlText, source: string, code: ErrorCode): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that grow without bound, or name an anchor that is not there.
    if (!(error instanceof ReferenceError)) throw error;
    throw new RefusedError(code, `${source} cannot be read.`, [
      {
        path: '',
        code,
        message: `${withoutQuotation(error.message)}. Write the values out instead of aliases.`,
      },
    ]);
  }
}

function keepText(document: Document.Parsed, keys: readonly string[]): void {
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'number') return;
      if (keys.includes(String(key.value)) && value.source !== undefined)
        value.value = value.source;
    },
  });
}

function locate({ document, lines }: YamlText, problems: readonly Problem[]): LocatedProblem[] {
  return problems.map((problem) => {
    const offset = offsetOf(document.contents, pathKeys(problem.path));
    if (offset === undefined) return problem;
    const { line, col } = lines.linePos(offset);
    return { ...problem, position: { line, column: col } };
  });
}

/** The parts of a JSON pointer (RFC 6901). */
function pathKeys(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Offset of the key or item that the path names; of the deepest one that exists where it does not. */
function offsetOf(contents: ParsedNode | null, path: readonly string[]): number | undefined {
  let node: unknown = contents;
  let offset = contents?.range[0];
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else break;
  }
  return offset;
}
