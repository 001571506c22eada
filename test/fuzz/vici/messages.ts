import type { ViciInput, ViciInputValue } from '../../../src/vpn/vici/message.js';
import type { Packet } from '../../../src/vpn/vici/packet.js';
import { onceIn, pick, type Choices } from '../../support/choices.js';
import { readFixture } from '../corpus.js';

const NAMES = ['', 'a', '0', '17', 'uniqueid', 'child-sas', '__proto__', 'constructor', 'errmsg'];
const TEXTS = ['', 'yes', 'ESTABLISHED', '%any', '203.0.113.1', 'é', '\u{1f511}', '\0', '\ufeff'];
const COMMANDS = ['version', 'list-sas', 'initiate', 'list-sa', 'ike-updown', ''];

/** What charon really said (test/fixtures/vici). */
const RECORDED = ['list-sa.json', 'get-algorithms.json'].flatMap((name) => {
  const said = JSON.parse(readFixture(`vici/${name}`)) as ViciInput | ViciInput[];
  return Array.isArray(said) ? said : [said];
});

/** A message as a daemon may send it: recorded, or of sections, lists and text in each other. */
export function generateMessage(choices: Choices): ViciInput {
  return onceIn(choices, 4) ? pick(choices, RECORDED) : generateSection(choices, 0);
}

function generateSection(choices: Choices, depth: number): ViciInput {
  const fields = Array.from(
    { length: choices.below(6) },
    () => [generateName(choices), generateValue(choices, depth)] as const,
  );
  return Object.fromEntries(fields);
}

function generateName(choices: Choices): string {
  return onceIn(choices, 30) ? 'n'.repeat(255) : pick(choices, NAMES);
}

function generateValue(choices: Choices, depth: number): ViciInputValue {
  switch (choices.below(4)) {
    case 0:
      return depth < 30 ? generateSection(choices, depth + 1) : '';
    case 1:
      return Array.from({ length: choices.below(5) }, () => generateText(choices));
    default:
      return generateText(choices);
  }
}

function generateText(choices: Choices): string {
  return onceIn(choices, 60) ? 'v'.repeat(65_535) : pick(choices, TEXTS);
}

/** Any packet of the protocol, with this message where it has one. */
export function generatePacket(choices: Choices, message: Uint8Array): Packet {
  const name = pick(choices, COMMANDS);
  switch (choices.below(4)) {
    case 0:
      return { type: pick(choices, ['request', 'event'] as const), name, message };
    case 1:
      return { type: 'response', message };
    case 2:
      return { type: pick(choices, ['register', 'unregister'] as const), name };
    default:
      return { type: pick(choices, ['unknownCommand', 'confirm', 'unknownEvent'] as const) };
  }
}
