import type { SnapshotNode } from "./snapshot-tree.ts";

/**
 * Says a node in one line of at most `mostChars`, 80 or more: names, texts and addresses that are too long are cut, around `around` where they hold it;
 * its role and its ref stay.
 */
export function sayNode(node: SnapshotNode, mostChars: number, around = ""): string {
  const { role, name, text, ref, url, marks } = node;
  if (role === "text") return quote(text, mostChars, around);
  const parts = [...marks, ...(ref === "" ? [] : [`ref=${ref}`])].map((part) => ` [${part}]`).join("");
  const fixed = role.length + Math.min(parts.length, mostChars / 2);
  const share = Math.floor((mostChars - fixed) / [name, text, url].filter((given) => given !== "").length);
  const named = name === "" ? "" : ` ${quote(name, share - 1, around)}`;
  const addressed = url === "" ? "" : ` → ${quoteUrl(url, share - 3, around)}`;
  const held = text === "" ? "" : `: ${quote(text, share - 2, around)}`;
  return `${role}${named}${parts.length > mostChars / 2 ? shortMarks(ref) : parts}${addressed}${held}`;
}

function shortMarks(ref: string): string {
  return ref === "" ? "" : ` [ref=${ref}]`;
}

function quoteUrl(url: string, most: number, around: string): string {
  // In an address a space would end it.
  return cutAround(url.replace(/\s/g, "%20"), most, around);
}

/** A text in quotes, so that nothing a page says looks like a line or a mark of ours. */
function quote(text: string, most: number, around: string): string {
  const whole = JSON.stringify(text);
  if (whole.length <= most) return whole;
  for (let room = most - 2; ; room = Math.floor(room * 0.8)) {
    const shorter = JSON.stringify(cutAround(text, room, around));
    if (shorter.length <= most || room < 4) return shorter;
  }
}

function cutAround(text: string, most: number, around: string): string {
  if (text.length <= most) return text;
  const at = around === "" ? -1 : text.toLowerCase().indexOf(around.toLowerCase());
  const start = at < 0 ? 0 : Math.max(0, Math.min(at, at - Math.floor((most - around.length) / 2)));
  const room = Math.max(1, most - (start > 0 ? 2 : 1));
  const end = start + room;
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}
