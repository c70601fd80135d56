/** What others cut a text with. */
const ellipsis = "…";

const leastChars = 4;
/** How many places before an ellipsis are looked at for the beginning of one secret. */
const mostPlaces = 8;

/** Masks the first part of a secret, of at least four characters, where somebody else cut the text behind it with an ellipsis before it could be masked. */
export function maskCut(text: string, secrets: readonly string[], mark: string): string {
  if (!text.includes(ellipsis)) return text;
  return text
    .split(ellipsis)
    .map((part, index, parts) => (index === parts.length - 1 ? part : maskEnd(part, secrets, mark)))
    .join(ellipsis);
}

function maskEnd(text: string, secrets: readonly string[], mark: string): string {
  let from = text.length;
  for (const secret of secrets) {
    const beginning = secret.slice(0, leastChars);
    let at = text.lastIndexOf(beginning);
    for (let place = 0; at >= 0 && place < mostPlaces; place++) {
      if (secret.startsWith(text.slice(at))) from = Math.min(from, at);
      at = at === 0 ? -1 : text.lastIndexOf(beginning, at - 1);
    }
  }
  return from === text.length ? text : text.slice(0, from) + mark;
}
