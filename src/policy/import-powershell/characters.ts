/**
 * What slides, mail and word processors make of a script's characters, taken back. Every line stays
 * a line, so that line numbers keep naming the lines of the original.
 */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\r\n?/g, '\n'],
  // Zero width characters, soft hyphens and byte order marks are nothing that anybody typed.
  [/[\u00ad\u200b-\u200d\u2060\ufeff]/g, ''],
  [/[\t\v\f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g, ' '],
  [/[“”„‟＂]/g, '"'],
  [/[‘’‚‛＇]/g, "'"],
  [/[‐‑‒–—―−－]/g, '-'],
  // Japanese fonts and code pages show the backslash as a yen sign.
  [/[¥￥]/g, '\\'],
  // Slide bullets and the prompt of a copied session, before something that may be a command.
  [/^ *[•▪◦‣·\ue000-\uf8ff] *(?=[A-Za-z$])/gm, ''],
  [/^ *PS(?: [^>\n]*)?:?> */gm, ''],
  [/^ *>> +/gm, ''],
];

export function normaliseCharacters(text: string): string {
  return REPLACEMENTS.reduce((result, [from, to]) => result.replace(from, to), text);
}

/** Whether there is anything but ASCII: in PowerShell, outside strings and comments, there is not. */
export function hasForeignCharacters(text: string): boolean {
  return /[^\n -~]/.test(text);
}
