/** Control characters and those that reorder text: on a terminal they could draw anything. */
const unprintable = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Makes one line of a text that comes from a page or a service: runs of control characters become one space. */
export function printable(text: string): string {
  return text.replace(unprintable, " ").trim();
}
