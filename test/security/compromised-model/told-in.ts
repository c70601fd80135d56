import type { ModelRequest } from "../../support/model-server.ts";

/** What a request tells the model that it did not say itself. */
export function toldIn(request: ModelRequest): string[] {
  return messagesOf(request)
    .filter((message) => !JSON.stringify(message).includes('"role":"assistant"'))
    .flatMap(textsIn);
}

/** The last message of a request, as one text. */
export function lastOf(request: ModelRequest): string {
  return textsIn(messagesOf(request).at(-1)).join("\n");
}

/** The messages of a request, as they were sent. */
export function messagesOf({ body }: ModelRequest): readonly unknown[] {
  return Array.isArray(body["messages"]) ? body["messages"] : [];
}

/** Every text within a value. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The marks around pages' texts in a request that do not fit together: each number is drawn for one text, and stands before and after it. The rules' own have none. */
export function brokenMarks(request: ModelRequest): string[] {
  const open: string[] = [];
  const known = new Set<string>();
  const broken: string[] = [];
  for (const text of toldIn(request)) {
    for (const [mark, end, nonce = ""] of text.matchAll(/\[(end of )?web-content ([^\]…]*)\]/g)) {
      const isWhole = /^[0-9a-f]{32}$/.test(nonce) && (end === undefined ? !known.has(nonce) : open.pop() === nonce);
      if (end === undefined) open.push(nonce);
      known.add(nonce);
      if (!isWhole) broken.push(mark);
    }
  }
  return [...broken, ...open.map((nonce) => `${nonce} without an end`)];
}

/** The page that a request ends with, marks and all; empty where it ends with none. */
export function viewIn(request: ModelRequest): string {
  return /\[web-content (\w+)\]\npage "[\s\S]*?\[end of web-content \1\]/.exec(lastOf(request))?.[0] ?? "";
}
