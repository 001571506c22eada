const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text as it stands in HTML and SVG, attributes included. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** A coordinate: a tenth of a pixel is as fine as a screen shows. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}
