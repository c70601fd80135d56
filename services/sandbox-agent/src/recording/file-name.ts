const most = 100;

/** Makes the name of a run's file of what a page suggests, already without secrets: flat, of letters, digits and `._-`, at most 100 characters, its ending kept. */
export function fileNameOf(suggested: string): string {
  const flat = suggested
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll(/[^A-Za-z0-9._]+/g, "-");
  const ending = flat.match(/\.[A-Za-z0-9]{1,10}$/)?.[0] ?? "";
  const stem = flat
    .slice(0, flat.length - ending.length)
    .replace(/^[-.]+/, "")
    .slice(0, most - ending.length)
    .replace(/-+$/, "");
  return `${stem || "file"}${ending}`;
}

/** Puts a number into a name, before its ending: `list.csv`, `list-2.csv`. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? `${name}-${number}` : `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
}
