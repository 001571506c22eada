import { isUtf8 } from 'node:buffer';
import { NvgateError } from '../../errors.js';

/**
 * A VICI message: a tree of named values (strongSwan's `vici/README.md`, "Message format"). Each
 * element starts with its type; names have one length byte, values two.
 *
 * ```
 * section start  1 | u8 n | name              section end  2
 * key/value      3 | u8 n | name | u16 n | value
 * list start     4 | u8 n | name              list end     6
 * list item      5 | u16 n | value
 * ```
 *
 * Sections nest; a list holds items only. The message itself is a section without start and end.
 */
export interface ViciSection {
  readonly [key: string]: ViciValue;
}

/** Text is what the bytes say as UTF-8, or else one character a byte (a DER certificate). */
export type ViciValue = string | readonly string[] | ViciSection;

/** A message to send. Names are printable ASCII, text goes out as UTF-8. */
export interface ViciInput {
  readonly [key: string]: ViciInputValue;
}

export type ViciInputValue = string | Uint8Array | readonly (string | Uint8Array)[] | ViciInput;

const Element = {
  sectionStart: 1,
  sectionEnd: 2,
  keyValue: 3,
  listStart: 4,
  listItem: 5,
  listEnd: 6,
} as const;

/** Of names; the daemon reads no further than one with anything else in it. */
const PRINTABLE = /^[ -~]*$/;
const LONGEST_NAME = 0xff;
const LONGEST_VALUE = 0xffff;

/** Deeper than any message of the daemon (list-sas has 3), and shallow enough to walk recursively. */
export const DEEPEST_SECTION = 32;

/**
 * @throws NvgateError `invalidValue` when a name is not printable ASCII, a name or value too long or a
 *   section too deep; says where, never what: messages carry secrets
 */
export function encodeMessage(input: ViciInput): Buffer {
  const parts: Buffer[] = [];
  encodeSection(parts, input, []);
  return Buffer.concat(parts);
}

function encodeSection(parts: Buffer[], section: ViciInput, path: readonly string[]): void {
  if (path.length > DEEPEST_SECTION)
    throw unsendable(path, `lies deeper than ${DEEPEST_SECTION} sections`);
  for (const [key, value] of Object.entries(section)) {
    const at = [...path, key];
    if (typeof value === 'string' || value instanceof Uint8Array) {
      parts.push(named(Element.keyValue, key, at), ...sized(value, at));
    } else if (isList(value)) {
      parts.push(named(Element.listStart, key, at));
      for (const item of value) parts.push(Buffer.of(Element.listItem), ...sized(item, at));
      parts.push(Buffer.of(Element.listEnd));
    } else {
      parts.push(named(Element.sectionStart, key, at));
      encodeSection(parts, value, at);
      parts.push(Buffer.of(Element.sectionEnd));
    }
  }
}

/** `Array.isArray` does not tell readonly arrays apart. */
function isList(value: ViciInputValue): value is readonly (string | Uint8Array)[] {
  return Array.isArray(value);
}

function named(element: number, name: string, path: readonly string[]): Buffer {
  if (!PRINTABLE.test(name))
    throw unsendable(path, 'has a name with other characters than printable ASCII');
  if (name.length > LONGEST_NAME)
    throw unsendable(path, `has a name of ${name.length} bytes; at most ${LONGEST_NAME} fit`);
  return Buffer.concat([Buffer.of(element, name.length), Buffer.from(name)]);
}

function sized(value: string | Uint8Array, path: readonly string[]): [Buffer, Buffer] {
  const bytes =
    typeof value === 'string'
      ? Buffer.from(value)
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (bytes.length > LONGEST_VALUE)
    throw unsendable(path, `has a value of ${bytes.length} bytes; at most ${LONGEST_VALUE} fit`);
  return [Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes];
}

function unsendable(path: readonly string[], what: string): NvgateError {
  return new NvgateError('invalidValue', `VICI message: ${path.join('.')} ${what}.`);
}

/**
 * Sections have no prototype, so no name from the wire means anything to the language. Of a name
 * that is there twice the last one counts, as in strongSwan's own clients.
 * @throws NvgateError `vpnDaemonFailed` that says at which offset what is wrong
 */
export function decodeMessage(bytes: Uint8Array): ViciSection {
  const read = createReader(bytes);
  const message = emptySection();
  const open = [message];
  let current = message;
  while (!read.atEnd()) {
    const at = read.offset();
    const element = read.byte('an element type');
    switch (element) {
      case Element.sectionStart: {
        const section = emptySection();
        current[read.name()] = section;
        if (open.length > DEEPEST_SECTION)
          throw malformed(at, `a section deeper than ${DEEPEST_SECTION}`);
        open.push(section);
        current = section;
        break;
      }
      case Element.sectionEnd: {
        open.pop();
        const outer = open.at(-1);
        if (outer === undefined) throw malformed(at, 'the end of a section that has no start');
        current = outer;
        break;
      }
      case Element.keyValue: {
        const name = read.name();
        current[name] = read.value();
        break;
      }
      case Element.listStart:
        current[read.name()] = decodeItems(read);
        break;
      case Element.listItem:
      case Element.listEnd:
        throw malformed(at, `element type ${element} outside of a list`);
      default:
        throw malformed(at, `element type ${element}, which VICI does not have`);
    }
  }
  if (open.length > 1) throw malformed(read.offset(), `${open.length - 1} sections without end`);
  return message;
}

function decodeItems(read: Reader): string[] {
  const items: string[] = [];
  for (;;) {
    const at = read.offset();
    const element = read.byte('a list item or the end of the list');
    if (element === Element.listEnd) return items;
    if (element !== Element.listItem) throw malformed(at, `element type ${element} inside a list`);
    items.push(read.value());
  }
}

function emptySection(): Record<string, ViciValue> {
  return Object.create(null) as Record<string, ViciValue>;
}

interface Reader {
  offset(): number;
  atEnd(): boolean;
  byte(what: string): number;
  /** One length byte and a name. */
  name(): string;
  /** Two length bytes and a value. */
  value(): string;
}

function createReader(bytes: Uint8Array): Reader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const take = (length: number, what: string): Buffer => {
    const left = buffer.length - offset;
    if (length > left)
      throw malformed(offset, `${what} of ${length} bytes expected, ${left} are left`);
    offset += length;
    return buffer.subarray(offset - length, offset);
  };
  const byte = (what: string): number => take(1, what).readUInt8();
  return {
    offset: () => offset,
    atEnd: () => offset === buffer.length,
    byte,
    name: () => text(take(byte('the length of a name'), 'a name')),
    value: () => text(take(take(2, 'the length of a value').readUInt16BE(), 'a value')),
  };
}

function text(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

function malformed(offset: number, what: string): NvgateError {
  return new NvgateError('vpnDaemonFailed', `Malformed VICI message: ${what} (at byte ${offset}).`);
}
