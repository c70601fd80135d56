import type { SelectorEngine } from "./in-page.ts";

const engine = "clew-holds";

/**
 * Makes a selector that keeps of what was found before it whatever holds a text, whatever its case. What stands in cells and blocks of their own is apart,
 * as a person sees it, wherever the markup has a space.
 *
 * @param isWhole Whether no letter, digit or `_` may go on before or after the text.
 */
export function holdingText(text: string, isWhole: boolean): string {
  const words = withoutBreaks(text).trim().split(/\s+/).map(RegExp.escape).join("\\s+");
  return `${engine}=${JSON.stringify(isWhole ? `(?<![\\p{L}\\p{N}_])${words}(?![\\p{L}\\p{N}_])` : words)}`;
}

/** Without what only says where a line may break, as a person reads it: soft hyphens and zero-width spaces. Runs in the page too. */
function withoutBreaks(text: string): string {
  return text.replace(/[\u00ad\u200b]/g, "");
}

/** The engine's name, and its source. */
export const holdsText = { engine, source: `(${createTextFilter})(${withoutBreaks})` } as const;

/** Runs in a world of its own within the page, and names nothing from outside. */
function createTextFilter(plain: typeof withoutBreaks): SelectorEngine {
  /** What was read within one query: what is looked into often holds more of what is. */
  let known: Map<Node, string> | undefined;

  function textOf(node: Node): string {
    if (known === undefined) {
      known = new Map();
      // A query is over when its task is.
      queueMicrotask(() => {
        known = undefined;
      });
    }
    const text = known.get(node) ?? readText(node);
    known.set(node, text);
    return text;
  }

  /** The text of an element as it is put together: with what its shadow root shows, and what stands in its slots. */
  function readText(node: Node): string {
    if (node.nodeType === Node.TEXT_NODE) return plain(node.nodeValue ?? "");
    if (!(node instanceof Element)) return [...node.childNodes].map(textOf).join("");
    if (node.matches("script, style, noscript, template")) return "";
    if (node.matches("br, hr")) return " ";
    if (node instanceof HTMLInputElement) return /^(?:submit|button|reset)$/.test(node.type) ? ` ${plain(node.value)} ` : " ";
    const slotted = node instanceof HTMLSlotElement ? node.assignedNodes({ flatten: true }) : [];
    const parts = slotted.length > 0 ? slotted : [...(node.shadowRoot?.childNodes ?? []), ...(node.shadowRoot ? [] : node.childNodes)];
    const text = parts.map(textOf).join("");
    return /^(?:inline|contents|ruby)/.test(getComputedStyle(node).display) ? text : ` ${text} `;
  }

  return {
    queryAll(root, query) {
      const wanted = new RegExp(JSON.parse(query), "iu");
      return root instanceof Element && wanted.test(textOf(root)) ? [root] : [];
    },
  };
}
