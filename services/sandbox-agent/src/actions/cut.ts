/** Shortens a text to `most` characters, the last of which then says so. Secrets are to be masked before. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
