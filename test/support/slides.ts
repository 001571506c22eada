import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The slides' text is not part of the repository: it may lie beside it, or not. */
export const SLIDES_DIRECTORY = fileURLToPath(new URL('../../../shared/seeds', import.meta.url));

/** The heading that follows an example of appendix B. */
const NEXT_HEADING = { 1: '実装例（2）', 2: '実装例（3）', 3: 'Appendix C' } as const;

/**
 * An example of appendix B as it stands in the slides, the text around its script included;
 * undefined where the slides are not there.
 */
export function slidesExample(number: keyof typeof NEXT_HEADING): string | undefined {
  const lines = readSlides();
  if (lines === undefined) return undefined;
  const start = `実装例（${number}）`;
  const from = lines.findIndex((line) => line.includes(start));
  const to = lines.findIndex((line, index) => index > from && line.includes(NEXT_HEADING[number]));
  return lines.slice(from, to === -1 ? lines.length : to).join('\n');
}

function readSlides(): string[] | undefined {
  if (!existsSync(SLIDES_DIRECTORY)) return undefined;
  return readdirSync(SLIDES_DIRECTORY)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(`${SLIDES_DIRECTORY}/${name}`, 'utf8').split('\n'))
    .find((lines) => lines.some((line) => line.includes(NEXT_HEADING[2])));
}
