import type { PlaybookRequest } from "@clew/playbook/playbook-schema";

/** One request of a chain of redirects. */
export interface Hop {
  readonly method: string;
  readonly url: string;
  /** By lower-case name; without cookies. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cookies besides the browser's own. */
  readonly cookies: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** What another origin may be told of a request: nothing that lets anybody in. */
const harmless: ReadonlySet<string> = new Set(["accept", "accept-language", "content-type"]);

/** Headers of requests, by name, each set for one origin. */
export type HeadersByOrigin = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The request a step asks for; `common` headers, which only their origin is told, give way to its own. */
export function firstHop(request: PlaybookRequest, common: HeadersByOrigin): Hop {
  const { method, json, form, query = {}, cookies = {} } = request;
  const url = new URL(request.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.append(name, String(value));
  const type = json !== undefined ? "application/json" : form !== undefined ? "application/x-www-form-urlencoded" : undefined;
  const headers = {
    ...lowerCased(Object.entries(common.get(url.origin) ?? {})),
    ...(type && { "content-type": type }),
    ...lowerCased(Object.entries(request.headers ?? {})),
  };
  const fields = Object.entries(form ?? {}).map(([name, value]): [string, string] => [name, String(value)]);
  const body = json !== undefined ? JSON.stringify(json) : form !== undefined ? String(new URLSearchParams(fields)) : undefined;
  return { method, url: url.href, headers, cookies, body };
}

/** The request a redirect leads to, as browsers make it; nothing where the answer is none. Headers and cookies that let in stay with their origin. */
export function nextHop(hop: Hop, status: number, location: string | undefined): Hop | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  const url = URL.parse(location, hop.url);
  if (url === null) return undefined;
  const becomesGet = (status <= 302 && hop.method === "POST") || (status === 303 && hop.method !== "GET" && hop.method !== "HEAD");
  const isSameOrigin = url.origin === new URL(hop.url).origin;
  const kept = Object.entries(hop.headers).filter(
    ([name]) => (isSameOrigin || harmless.has(name)) && !(becomesGet && name.startsWith("content-")),
  );
  return {
    method: becomesGet ? "GET" : hop.method,
    url: url.href,
    headers: Object.fromEntries(kept),
    cookies: isSameOrigin ? hop.cookies : {},
    body: becomesGet ? undefined : hop.body,
  };
}

function lowerCased(headers: Iterable<readonly [string, string]>): Record<string, string> {
  return Object.fromEntries([...headers].map(([name, value]) => [name.toLowerCase(), value]));
}
