const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', s: ' ', t: '\t' },
};

/**
 * The words of each line of an options or secrets file, as pppd reads them (pppd(8), OPTIONS FILES):
 * written from the manual and pppd's behaviour, and from nothing that the gateway writes by.
 */
export function pppdWords(text: string): string[][] {
  const lines: string[][] = [[]];
  let word: string | undefined;
  let quote = '';
  const characters = Array.from(text);
  const end = (): void => {
    if (word !== undefined) lines.at(-1)?.push(word);
    word = undefined;
  };
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '\\') {
      const escaped = characters[(index += 1)] ?? '';
      if (/[0-7x]/.test(escaped)) throw new Error('an escape by number, which nobody should write');
      if (escaped !== '\n') word = (word ?? '') + (ESCAPES[escaped] ?? escaped);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      end();
      if (character === '\n') lines.push([]);
    } else if (character === '#') {
      end();
      while (index + 1 < characters.length && characters[index + 1] !== '\n') index += 1;
    } else word = (word ?? '') + character;
  }
  end();
  return lines.filter((line) => line.length > 0);
}

/** The words behind an option; undefined where the file does not have it. */
export function optionOf(text: string, name: string): string[] | undefined {
  const line = pppdWords(text).find(([first]) => first === name);
  return line?.slice(1);
}
