import type { Values } from "./bind-text.ts";
import { type Bound, unfit } from "./bound.ts";
import { splitTemplate } from "./placeholder.ts";

const hostAndPort = /^[A-Za-z0-9.-]+(?::\d{1,5})?$/;

/**
 * Puts values into a URL. At its very start a value stands as it is (it is the URL, or its beginning); in the host it must be a host;
 * everywhere else it is one URL component, percent-encoded, so that it can neither add a query nor leave its path.
 */
export function bindUrl(template: string, values: Values): Bound {
  let bound = "";
  const parts = splitTemplate(template);
  for (const [index, part] of parts.entries()) {
    if ("text" in part) {
      const isDoubled = index === 1 && bound.endsWith("/") && part.text.startsWith("/");
      bound += isDoubled ? part.text.slice(1) : part.text;
      continue;
    }
    const value = values.get(part.name);
    if (value === undefined) return unfit(part.name, "is missing");
    if (bound === "") {
      bound += value;
    } else if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*$/i.test(bound)) {
      if (!hostAndPort.test(value)) return unfit(part.name, "must be a host, or host:port, to stand there");
      bound += value;
    } else {
      bound += encodeURIComponent(value.toWellFormed());
    }
  }
  if (parts.some((part) => "name" in part) && hasDotSegment(bound))
    return { problem: "the address has a . or .. in its path once the values stand in it" };
  return { text: bound };
}

function hasDotSegment(url: string): boolean {
  const path = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1] ?? "";
  return path.split(/[/\\]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}
