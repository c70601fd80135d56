/** The most lines of one text: a screen has to hold others too. */
const mostLines = 4;

/** Breaks a text between words into at most 4 lines of `width` characters; the last is cut where more is left. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && lines.length < mostLines - 1) {
    const at = rest.lastIndexOf(" ", width);
    const end = at > 0 ? at : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest.length > width ? `${rest.slice(0, width - 1)}…` : rest];
}
