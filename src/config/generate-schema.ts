import { ConfigSchema } from './schema.js';

/**
 * The configuration file's JSON Schema, for editors that complete and check YAML:
 * config/nvgate.schema.json is this, written out. What has a default is not required.
 */
export function configJsonSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(withOptionalDefaults(structuredClone(ConfigSchema)) as object),
  };
}

function withOptionalDefaults(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(withOptionalDefaults);
  const schema: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) schema[key] = withOptionalDefaults(value);
  const { properties, required } = schema;
  if (!Array.isArray(required) || typeof properties !== 'object' || properties === null)
    return schema;
  const defaulted = new Set(
    Object.entries(properties as Record<string, object>)
      .filter(([, property]) => 'default' in property)
      .map(([key]) => key),
  );
  const still = required.filter((key) => !defaulted.has(String(key)));
  if (still.length > 0) schema['required'] = still;
  else delete schema['required'];
  return schema;
}
