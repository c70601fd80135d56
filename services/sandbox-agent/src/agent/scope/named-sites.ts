import { parse } from "tldts";
import { withoutNegated } from "./clauses.ts";

/** Endings of files that are endings of sites too. */
const fileEndings: ReadonlySet<string> = new Set(["md", "py", "sh", "zip", "mov", "rs", "pl", "ps", "cc"]);

/** Names of products that look like a site's. */
const products: ReadonlySet<string> = new Set(["asp.net", "ado.net", "vb.net", "socket.io", "node.io", "draw.io"]);

const address = /\bhttps?:\/\/[^\s<>"'`{}|\\^]+/gi;
const host =
  /(?<![\w@/.:%+-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}][\p{L}\p{N}-]{1,62}(?::\d{1,5})?(?![\w@-])(?:\/[^\s<>"']*)?/giu;

/**
 * Finds the addresses that say where a directive's work belongs: those it spells out, and bare hosts as people write them, such as
 * `shop.example.com`. The names of files (`report.pdf`), products (`Node.js`) and the hosts of mail addresses are none, nor is what is not to be done.
 */
export function namedSites(directive: string): readonly string[] {
  const said = withoutNegated(directive);
  const spelled = [...said.matchAll(address)].map(([text]) => text.replace(/[.,;:!?)\]]+$/, ""));
  const rest = said.replace(address, " ");
  const bare = [...rest.matchAll(host)].map(([text]) => text.replace(/[.,;:!?)\]]+$/, "")).filter(isHost);
  const sites = [...spelled, ...bare.map((text) => `http://${text}`)];
  return [...new Set(sites.filter((site) => URL.canParse(site)))];
}

const loggingIn = /\b(?:log(?:ging)?|sign(?:ing)?)[ -]?in(?:to)?\b/i;

/** Finds where a directive says to log in: the sites of the sentence part that says so; without any, and where no one names a start, the first site of all. */
export function loginSites(directive: string, isStartNamed: boolean): readonly string[] {
  const parts = withoutNegated(directive).split(/[.;](?=\s|$)|[,\n]|\b(?:and|then)\b/i);
  const there = parts.filter((part) => loggingIn.test(part)).flatMap(namedSites);
  return there.length > 0 || isStartNamed ? there : namedSites(directive).slice(0, 1);
}

function isHost(text: string): boolean {
  const { hostname, publicSuffix, isIcann, domain } = parse(`http://${text}`);
  if (hostname === null || domain === null || publicSuffix === null || isIcann !== true) return false;
  if (products.has(text.toLowerCase())) return false;
  // `notes.md` is a file; `www.notes.md` and `notes.md/index` are not.
  const isPlain = hostname === domain && !text.includes("/");
  return !(isPlain && fileEndings.has(publicSuffix));
}
