import type { TLocalizedValidationError } from 'typebox/error';
import type { Problem } from '../errors.js';
import { ConfigSchema } from './schema.js';

/** Schema errors of a configuration as problems that say what to write instead. */
export function explainSchemaErrors(errors: readonly TLocalizedValidationError[]): Problem[] {
  return errors.flatMap(explain);
}

function explain(error: TLocalizedValidationError): Problem[] {
  const { keyword, instancePath: at, params } = error;
  const schema = schemaAt(error.schemaPath);
  // Said again, with the key's name, by additionalProperties.
  if (keyword === 'boolean') return [];
  if (keyword === 'additionalProperties') {
    const known = Object.keys(schema.properties ?? {}).join(', ');
    return params.additionalProperties.map((key) =>
      problem(`${at}/${pointerPart(key)}`, `There is no key "${key}" here. The keys are ${known}.`),
    );
  }
  if (keyword === 'required')
    return params.requiredProperties.map((key) =>
      problem(`${at}/${pointerPart(key)}`, `"${key}" is missing. Add it.`),
    );
  return [problem(at, sentence(error, schema))];
}

function sentence(error: TLocalizedValidationError, schema: SchemaNode): string {
  const { keyword, params } = error;
  if (keyword === 'type') return `Must be ${typeName(String(params.type))}.`;
  if (keyword === 'enum') return `Must be one of ${params.allowedValues.join(', ')}.`;
  if (keyword === 'minimum' || keyword === 'maximum')
    return `Is outside ${String(schema.minimum)}..${String(schema.maximum)}. Choose a value inside.`;
  if (keyword === 'minItems') return 'Is empty. Name at least one device.';
  return `Has not the form wanted: ${schema.description ?? error.message}.`;
}

interface SchemaNode {
  readonly properties?: object;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

function schemaAt(schemaPath: string): SchemaNode {
  let node: unknown = ConfigSchema;
  for (const key of schemaPath.split('/').slice(1))
    node = (node as Record<string, unknown> | undefined)?.[key];
  return node ?? {};
}

function typeName(type: string): string {
  switch (type) {
    case 'integer':
      return 'a whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a mapping of keys to values';
    default:
      return `a ${type}`;
  }
}

function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function problem(path: string, message: string): Problem {
  return { path, code: 'configInvalid', message };
}
