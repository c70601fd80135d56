import { gfm } from "@joplin/turndown-plugin-gfm";
import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import Turndown from "turndown";

/** What becomes markdown. */
export interface MarkdownSource {
  /** Markup, of at most 5 MiB together: a page's, or that of several elements. */
  readonly parts: readonly string[];
  /** What its links are relative to. */
  readonly url: string;
  /** Whether only what a reader came for is kept of a whole page. */
  readonly onlyArticle: boolean;
}

const noText = "script, style, noscript, template, svg, iframe, object, embed";

/** What stands around what a reader came for. */
const around = "nav, footer, aside, [role=navigation], [role=banner], [role=contentinfo]";

/** What Readability must keep of a page's text: of pages that are no articles it keeps a corner. */
const leastShare = 0.5;

/** Makes markdown of each part: headings with #, lists with -, tables, absolute links. A link that leads nowhere is a text. */
export function convertMarkup({ parts, url, onlyArticle }: MarkdownSource): string[] {
  const converter = createConverter(url);
  return parts.map((html) => converter.turndown(reduceMarkup(html, onlyArticle)).trim());
}

/** Leaves out what is no text; of a whole page also what stands around what a reader came for. */
function reduceMarkup(html: string, onlyArticle: boolean): string {
  const { document } = parseHTML(`<!doctype html><html><body>${html}</body></html>`);
  for (const element of document.querySelectorAll(onlyArticle ? `${noText}, ${around}` : noText)) element.remove();
  const whole = document.body.innerHTML;
  if (!onlyArticle) return whole;
  const least = (document.body.textContent ?? "").length * leastShare;
  // Readability takes the document apart.
  const article = new Readability(document).parse();
  return (article?.length ?? 0) >= least ? (article?.content ?? whole) : whole;
}

function createConverter(base: string): Turndown {
  const converter = new Turndown({ headingStyle: "atx", bulletListMarker: "-", codeBlockStyle: "fenced", hr: "---" });
  converter.use(gfm);
  converter.addRule("link", {
    filter: "a",
    replacement: (content, node) => {
      const address = absolute(node instanceof Object && "getAttribute" in node ? node.getAttribute("href") : null, base);
      const text = content.replace(/\s+/g, " ").trim();
      return address === undefined || text === "" ? content : `[${text}](${address})`;
    },
  });
  converter.addRule("picture", {
    filter: "img",
    replacement: (_content, node) => {
      const text = ("getAttribute" in node ? (node.getAttribute("alt") ?? "") : "").replace(/\s+/g, " ").trim();
      return text === "" ? "" : `![${text}]`;
    },
  });
  return converter;
}

/** An address that can be opened; none for scripts, mail and places on the same page. */
function absolute(href: string | null, base: string): string | undefined {
  if (href === null || href.startsWith("#")) return undefined;
  const url = URL.parse(href, base) ?? URL.parse(href);
  return url?.protocol === "http:" || url?.protocol === "https:"
    ? url.href.replace(/[()]/g, (bracket) => (bracket === "(" ? "%28" : "%29"))
    : undefined;
}
