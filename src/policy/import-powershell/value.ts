/** What an expression of a script is known to be without running the script. */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** A hash table; the keys are names in small letters. */
  | { readonly kind: 'table'; readonly entries: Map<string, TableValue> }
  /** `why` continues "its value is unknown, because it …" */
  | { readonly kind: 'unknown'; readonly why: string };

export interface TableValue {
  readonly name: string;
  readonly value: Value;
}

/** Values of a script's variables, by name in small letters. */
export type Scope = Map<string, Value>;

/** Longer than any text or list of a policy script: what doubles in a loop ends here. */
const MAX_TEXT = 65_536;
const MAX_ITEMS = 1_000_000;

export const FROM_COMMAND: Value = { kind: 'unknown', why: 'comes from a command' };
const TOO_LONG: Value = { kind: 'unknown', why: `is longer than ${MAX_TEXT} characters` };

export function textValue(text: string): Value {
  return { kind: 'text', text };
}

/** What it is worth in characters or items: the work of putting it together or reading it. */
export function sizeOf(value: Value): number {
  switch (value.kind) {
    case 'text':
      return value.text.length;
    case 'list':
      return value.items.length;
    case 'table':
    case 'unknown':
      return 1;
  }
}

export function readVariable(scope: Scope, name: string, access: string): Value {
  const value = scope.get(name.toLowerCase());
  if (/^(?:true|false|null)$/i.test(name)) return textValue(name.toLowerCase());
  if (value === undefined)
    return { kind: 'unknown', why: `is in $${name}, which the script gives no value` };
  if (access === '') return value;
  const property = /^\.(\w+)$/.exec(access)?.[1]?.toLowerCase();
  if (property !== undefined && value.kind === 'table') {
    const entry = value.entries.get(property);
    if (entry !== undefined) return entry.value;
  }
  const index = /^\[ *(\d{1,9}) *\]$/.exec(access)?.[1];
  if (index !== undefined && value.kind === 'list') {
    const item = value.items[Number(index)];
    if (item !== undefined) return item;
  }
  return { kind: 'unknown', why: `is in $${name}${access}, which only running the script shows` };
}

/** `a + b`: joined text, the sum of two whole numbers, or a longer list. */
export function addValues(a: Value, b: Value): Value {
  if (a.kind === 'unknown') return a;
  if (b.kind === 'unknown') return b;
  if (a.kind === 'list') {
    const more = b.kind === 'list' ? b.items : [b];
    if (a.items.length + more.length > MAX_ITEMS)
      return { kind: 'unknown', why: `has more than ${MAX_ITEMS} items` };
    return { kind: 'list', items: a.items.concat(more) };
  }
  if (a.kind !== 'text' || b.kind !== 'text')
    return { kind: 'unknown', why: 'is calculated by the script' };
  const isSum = /^\d{1,9}$/.test(a.text) && /^\d{1,9}$/.test(b.text);
  if (isSum) return textValue(String(Number(a.text) + Number(b.text)));
  return a.text.length + b.text.length > MAX_TEXT ? TOO_LONG : textValue(a.text + b.text);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '0': '\0' };
const EXPANSION =
  /`([\s\S])|\$\{([^}]+)\}|\$\( *\$((?:\w+:)?\w+)((?:\.\w+|\[[^[\]]*\])*) *\)|(\$\()|\$((?:\w+:)?[\p{L}\p{N}_]+)/gu;
const SCOPE_NAME = /^(?:global|script|local|private|using):/i;

/** A double-quoted text with the values of its `$variables` in it. */
export function expandText(text: string, scope: Scope): Value {
  let unknown: Value | undefined;
  let inserted = 0;
  const expanded = text.replace(
    EXPANSION,
    (
      _match,
      escaped?: string,
      braced?: string,
      member?: string,
      access?: string,
      commands?: string,
      plain?: string,
    ) => {
      if (escaped !== undefined) return ESCAPES[escaped] ?? escaped;
      const name = (braced ?? member ?? plain ?? '').replace(SCOPE_NAME, '');
      const value = commands === undefined ? readVariable(scope, name, access ?? '') : FROM_COMMAND;
      if (value.kind === 'text') {
        inserted += value.text.length;
        if (inserted <= MAX_TEXT) return value.text;
        unknown ??= TOO_LONG;
        return '';
      }
      unknown ??=
        value.kind === 'unknown'
          ? value
          : { kind: 'unknown', why: `has $${name} in it, which is more than one value` };
      return '';
    },
  );
  return unknown ?? textValue(expanded);
}
