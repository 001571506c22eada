import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ErrorCode, Problem } from '../../src/errors.js';

/**
 * The part of JSON Schema that this API's schemas are made of. Errors are found by walking value
 * and schema side by side, which gives one problem for one mistake: a schema compiler's own list
 * repeats a mistake for each branch of a union, and is cut short.
 */
interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly discriminator?: { readonly propertyName: string };
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Says whether a value has the shape of a schema, and if not, adds each mistake to `problems`. */
export type ShapeCheck<Schema extends TSchema> = (
  value: unknown,
  problems: Problem[],
) => value is Static<Schema>;

export function shapeCheck<Schema extends TSchema>(schema: Schema): ShapeCheck<Schema> {
  const validator = Compile(schema);
  return (value, problems): value is Static<Schema> => {
    if (validator.Check(value)) return true;
    explain(schema, value, '', problems);
    return false;
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One part of a JSON pointer (RFC 6901 section 3). */
export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function explain(schema: SchemaNode, value: unknown, path: string, problems: Problem[]): void {
  const report = (message: string, code: ErrorCode = 'invalidValue'): void => {
    problems.push({ path, code, message });
  };
  if (schema.anyOf !== undefined) explainUnion(schema, value, path, problems);
  else if (schema.const !== undefined) {
    if (value !== schema.const) report(`Must be ${JSON.stringify(schema.const)}.`);
  } else if (schema.enum !== undefined) {
    if (!schema.enum.includes(value)) report(`Must be one of ${schema.enum.join(', ')}.`);
  } else if (schema.type === 'object') {
    if (isObject(value)) explainObject(schema, value, path, problems);
    else report('Must be an object.');
  } else if (schema.type === 'array') {
    if (!Array.isArray(value)) report('Must be a list.');
    else if (value.length < (schema.minItems ?? 0)) report('Is empty; it needs an entry.');
    else
      for (const [index, item] of value.entries())
        explain(schema.items ?? {}, item, `${path}/${index}`, problems);
  } else if (schema.type === 'integer') {
    if (!Number.isInteger(value)) report(`Must be a whole number${example(schema)}.`);
    else if (isOutside(value as number, schema.minimum, schema.maximum))
      report(`Must be in ${schema.minimum ?? '…'}..${schema.maximum ?? '…'}.`);
  } else if (schema.type === 'string') {
    if (typeof value !== 'string') report(`Must be a string${example(schema)}.`);
    else if (isOutside(value.length, schema.minLength, schema.maxLength))
      report(`Must have ${schema.minLength ?? 0} to ${schema.maxLength ?? '…'} characters.`);
  } else if (schema.type === 'boolean' && typeof value !== 'boolean')
    report('Must be true or false.');
}

function explainObject(
  schema: SchemaNode,
  value: Readonly<Record<string, unknown>>,
  path: string,
  problems: Problem[],
): void {
  const properties = schema.properties ?? {};
  for (const name of schema.required ?? [])
    if (!Object.hasOwn(value, name))
      problems.push({
        path: `${path}/${name}`,
        code: 'missingField',
        message: `"${name}" is missing. Add it${example(properties[name] ?? {})}.`,
      });
  for (const [name, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) explain(property, item, `${path}/${pointerPart(name)}`, problems);
    else if (schema.additionalProperties === false)
      problems.push({
        path: `${path}/${pointerPart(name)}`,
        code: 'unknownField',
        message: `There is no field "${name}" here. The fields are ${Object.keys(properties).join(', ')}.`,
      });
  }
}

/** Goes on in the branch that the discriminator names, so that the others say nothing. */
function explainUnion(schema: SchemaNode, value: unknown, path: string, problems: Problem[]): void {
  const branches = schema.anyOf ?? [];
  const tag = schema.discriminator?.propertyName;
  if (tag === undefined || !isObject(value)) {
    const forms = branches.map(formOf);
    const message = forms.includes(undefined)
      ? 'Has none of the forms allowed here.'
      : `Must be ${forms.join(' or ')}.`;
    problems.push({ path, code: 'invalidValue', message });
    return;
  }
  const branch = branches.find((one) => one.properties?.[tag]?.const === value[tag]);
  if (branch !== undefined) explain(branch, value, path, problems);
  else {
    const known = branches.map((one) => String(one.properties?.[tag]?.const)).join(', ');
    problems.push(
      Object.hasOwn(value, tag)
        ? { path: `${path}/${tag}`, code: 'invalidValue', message: `Must be one of ${known}.` }
        : {
            path: `${path}/${tag}`,
            code: 'missingField',
            message: `"${tag}" is missing. Add one of ${known}.`,
          },
    );
  }
}

/** A scalar in words; undefined for what has parts. */
function formOf({ const: value, type, minimum, maximum }: SchemaNode): string | undefined {
  if (value !== undefined) return JSON.stringify(value);
  return type === 'integer' ? `a whole number in ${minimum ?? '…'}..${maximum ?? '…'}` : undefined;
}

function isOutside(value: number, minimum = -Infinity, maximum = Infinity): boolean {
  return value < minimum || value > maximum;
}

function example(schema: SchemaNode): string {
  const [first] = schema.examples ?? [];
  return first === undefined ? '' : `, for example ${JSON.stringify(first)}`;
}
