import { domainToASCII } from "node:url";

const isAscii = /^[ -~]*$/;

/**
 * Whether a host matches one of the globs: `*` stands for any characters, and `*.example.com` means `example.com` too. Upper case, a dot at the end
 * and the two ways to write an international name make no difference.
 */
export function matchesDomain(host: string, globs: readonly string[]): boolean {
  const name = plainName(host);
  return plainGlobs(globs).some((wanted) => matchesGlob(name, wanted) || (wanted.startsWith("*.") && name === wanted.slice(2)));
}

/** A run's lists stay the same while it lasts, and every address is judged by them. */
const known = new WeakMap<readonly string[], readonly string[]>();

function plainGlobs(globs: readonly string[]): readonly string[] {
  const found = known.get(globs) ?? globs.map(plainName);
  known.set(globs, found);
  return found;
}

/** A name as URLs have it. */
function plainName(name: string): string {
  const labels = name
    .toLowerCase()
    .replace(/\.+$/, "")
    .split(/[.\u3002\uff0e\uff61]/);
  return labels.map((label) => (isAscii.test(label) ? label : domainToASCII(label) || label)).join(".");
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
