import { onceIn, pick, type Choices } from '../../support/choices.js';

const PIECES = [
  ...['(', ')', '{', '}', '@(', '@{', '$(', '[', ']', '"', "'", '“', '`', '`\n', '\n', '\r\n', ';'],
  ...[',', '|', '#', '<#', '#>', '@"\n', '\n"@', '$x', '$x = ', '+=', '=', '..', '1..60000', ' -'],
  ...['foreach ($a in 1..60000) {', 'if (', 'function f {', 'param(', 'else', '導入例（1）', '148'],
  ...[
    ' > ',
    '&',
    '\f',
    '\u2028',
    '\0',
    '\ud800',
    '￥',
    'PS C:\\> ',
    '"$a$a"',
    '$a += $a',
    ' -Rule',
  ],
];

/** What pieces are repeated to at most: an import that is not linear shows in a text of this size. */
const LONGEST_REPEAT = 20_000;

/** A script that was cut, pasted over, typed into and wrapped. */
export function damageText(choices: Choices, text: string, other: string): string {
  let damaged = text;
  for (let damages = choices.below(7); damages > 0; damages -= 1)
    damaged = damageOnce(choices, damaged, other);
  return damaged;
}

function damageOnce(choices: Choices, text: string, other: string): string {
  const at = choices.below(text.length + 1);
  const count = choices.below(onceIn(choices, 4) ? 1000 : 40);
  const before = text.slice(0, at);
  const behind = text.slice(at + count);
  switch (choices.below(8)) {
    case 0:
      return before + behind;
    case 1:
      return before + text.slice(at, at + count) + text.slice(at);
    case 2: {
      const from = choices.below(other.length + 1);
      return before + other.slice(from, from + count) + text.slice(at);
    }
    case 3:
      return before + String.fromCharCode(choices.below(0x1_0000)) + behind;
    case 4:
      return onceIn(choices, 40) ? before + repeated(choices) + text.slice(at) : before;
    case 5:
      return before + pick(choices, PIECES) + behind;
    default:
      return before + pick(choices, PIECES) + text.slice(at);
  }
}

function repeated(choices: Choices): string {
  const piece = pick(choices, PIECES) + (onceIn(choices, 3) ? pick(choices, PIECES) : '');
  return piece.repeat(choices.below(Math.floor(LONGEST_REPEAT / piece.length)));
}
