import { NvgateError } from '../../errors.js';
import type { ViciSection, ViciValue } from './message.js';

const EMPTY: ViciSection = Object.freeze(Object.create(null) as ViciSection);

/**
 * The text at the key, undefined where there is none.
 * @throws NvgateError `vpnDaemonFailed` when it is a list or a section, as all functions here do
 *   when the value is of another kind than asked for
 */
export function textOf(section: ViciSection, key: string): string | undefined {
  const value = section[key];
  if (value === undefined || typeof value === 'string') return value;
  throw unexpected(key, 'text', value);
}

/** The list at the key, empty where there is none. */
export function listOf(section: ViciSection, key: string): readonly string[] {
  const value = section[key];
  if (value === undefined) return [];
  if (isList(value)) return value;
  throw unexpected(key, 'a list', value);
}

/** The section at the key, empty where there is none. */
export function sectionOf(section: ViciSection, key: string): ViciSection {
  const value = section[key];
  if (value === undefined) return EMPTY;
  if (isSection(value)) return value;
  throw unexpected(key, 'a section', value);
}

/** All sections in a section, with their names; other values in it are passed over. */
export function sectionsOf(section: ViciSection): [name: string, section: ViciSection][] {
  return Object.entries(section).filter((entry): entry is [string, ViciSection] =>
    isSection(entry[1]),
  );
}

/**
 * The decimal number at the key, undefined where there is none. Beyond 2^53 (byte counters) it is
 * the nearest number there is.
 */
export function numberOf(section: ViciSection, key: string): number | undefined {
  const text = textOf(section, key);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,20}$/.test(text)) throw unexpected(key, 'a number', text);
  return Number(text);
}

/** Whether the daemon says `yes` at the key; it leaves out what does not hold, or says `no`. */
export function flagOf(section: ViciSection, key: string): boolean {
  return textOf(section, key) === 'yes';
}

function isList(value: ViciValue): value is readonly string[] {
  return Array.isArray(value);
}

function isSection(value: ViciValue): value is ViciSection {
  return typeof value === 'object' && !isList(value);
}

function unexpected(key: string, wanted: string, value: ViciValue): NvgateError {
  const found = typeof value === 'string' ? 'text' : isList(value) ? 'a list' : 'a section';
  return new NvgateError(
    'vpnDaemonFailed',
    `VICI message: ${key} should be ${wanted}, and is ${wanted === 'a number' ? 'other ' : ''}${found}.`,
  );
}
