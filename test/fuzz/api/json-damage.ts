import { onceIn, pick, type Choices } from '../../support/choices.js';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Values that are wrong nearly everywhere, and right in surprising places. */
const VALUES: readonly Json[] = [
  ...[null, true, false, 0, 1, -1, 0.5, 1e308, 4096, 4097, 16_777_215, 65_536, 2 ** 53],
  ...[
    '',
    ' ',
    '0',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    '10.1.1.40',
    '192.168.1.1',
    '::ffff:1.2.3.4',
  ],
  ...[
    '0.0.0.0/0',
    '192.168.1.1/24',
    '::/129',
    '10.0.0.0/-1',
    '00-00-00-00-00-00',
    'ff:ff:ff:ff:ff:ff',
  ],
  ...[
    '\0',
    '\ud800',
    '\u202e',
    'é'.repeat(300),
    '{}',
    '__proto__',
    '../../etc',
    "'; drop",
    '%00',
    '\n',
  ],
  ...['static', 'encap', 'nat', 'routed', 'ikev2', 'external', 'underlay', 'gatewayWildcard'],
];
const NAMES = ['__proto__', 'constructor', 'toString', 'length', '', 'id', 'vsid', 'type', 'state'];

/** A copy of a document that is wrong in one or a few places. */
export function damageJson(choices: Choices, document: Json): Json {
  const damaged = { root: structuredClone(document) };
  for (let damages = 1 + choices.below(3); damages > 0; damages -= 1) damageOnce(choices, damaged);
  return damaged.root;
}

/** Where a value stands: in an object or a list. */
interface Place {
  readonly parent: Record<string, Json> | Json[];
  readonly name: string;
}

function damageOnce(choices: Choices, whole: { root: Json }): void {
  const places = placesIn(whole);
  const place = pick(choices, places);
  const other = pick(choices, places);
  const old = valueAt(place);
  switch (choices.below(9)) {
    case 0:
      remove(place);
      break;
    case 1:
      put(place, structuredClone(valueAt(other)));
      break;
    case 2:
      repeatIn(choices, place, old);
      break;
    case 3:
      addField(choices, place, old);
      break;
    case 4:
    case 5:
      put(place, similar(choices, old));
      break;
    case 6:
      put(place, onceIn(choices, 4) ? nested(choices) : [old]);
      break;
    default:
      put(place, pick(choices, VALUES));
  }
}

function placesIn(whole: { root: Json }): Place[] {
  const places: Place[] = [];
  const visit = (place: Place): void => {
    places.push(place);
    const value = valueAt(place);
    if (typeof value !== 'object' || value === null) return;
    for (const name of Object.keys(value)) visit({ parent: value, name });
  };
  visit({ parent: whole, name: 'root' });
  return places;
}

function valueAt({ parent, name }: Place): Json {
  return (parent as Record<string, Json>)[name] ?? null;
}

/** Defined, not assigned: `__proto__` is a name like any other in JSON. */
function put({ parent, name }: Place, value: Json): void {
  Object.defineProperty(parent, name, {
    ...{ value, enumerable: true, configurable: true, writable: true },
  });
}

function remove(place: Place): void {
  if (place.name === 'root') put(place, null);
  else if (Array.isArray(place.parent)) place.parent.splice(Number(place.name), 1);
  else Reflect.deleteProperty(place.parent, place.name);
}

/** The same object twice in its list, or once more with another value in it. */
function repeatIn(choices: Choices, { parent, name }: Place, old: Json): void {
  if (!Array.isArray(parent)) return;
  const again = structuredClone(old);
  if (onceIn(choices, 2) && typeof again === 'object' && again !== null) {
    const inner = Object.keys(again);
    if (inner.length > 0) put({ parent: again, name: pick(choices, inner) }, pick(choices, VALUES));
  }
  parent.splice(Number(name), 0, again);
}

function addField(choices: Choices, place: Place, old: Json): void {
  const parent =
    typeof old === 'object' && old !== null && !Array.isArray(old) ? old : place.parent;
  // A list has a length already.
  if (!Array.isArray(parent)) put({ parent, name: pick(choices, NAMES) }, pick(choices, VALUES));
}

/** Nearly the old value: what is beside a limit, or a digit wrong. */
function similar(choices: Choices, old: Json): Json {
  if (typeof old === 'number') return old + pick(choices, [1, -1, 0.5, 256, -old, old]);
  if (typeof old !== 'string') return pick(choices, VALUES);
  const at = choices.below(old.length + 1);
  const character = pick(choices, ['0', '9', 'f', '.', ':', '/', '-', ' ', '\0', 'é', '']);
  return old.slice(0, at) + character + old.slice(at + choices.below(2));
}

function nested(choices: Choices): Json {
  let value: Json = pick(choices, VALUES);
  for (let depth = choices.below(200); depth > 0; depth -= 1)
    value = onceIn(choices, 2) ? [value] : { routingDomains: value };
  return value;
}
