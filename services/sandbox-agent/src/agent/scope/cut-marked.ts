const end = /\n\[end of web-content [0-9a-f]+\]$/;

/** Cuts a text that may be marked as a page's to so many characters, after a whole line where there is one: what is left stays marked. */
export function cutMarked(text: string, mostChars: number, told = ""): string {
  if (text.length <= mostChars) return text;
  const mark = end.exec(text)?.[0] ?? "";
  const kept = text.slice(0, Math.max(0, mostChars - told.length - mark.length));
  const lines = kept.lastIndexOf("\n");
  return `${lines > kept.length / 2 ? kept.slice(0, lines) : kept}${told}${mark}`;
}
