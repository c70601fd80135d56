/** Whether a host matches one of the globs: `*` stands for any characters, and `*.example.com` means `example.com` too. */
export function matchesDomain(host: string, globs: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return globs.some((glob) => {
    const wanted = glob.toLowerCase();
    return matchesGlob(name, wanted) || (wanted.startsWith("*.") && name === wanted.slice(2));
  });
}

/** Matches without backtracking: each piece between stars is taken where it first comes. */
function matchesGlob(name: string, glob: string): boolean {
  const pieces = glob.split("*");
  const first = pieces.shift() ?? "";
  const last = pieces.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
