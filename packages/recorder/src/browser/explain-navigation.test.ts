import { expect, test } from "vitest";
import { explainNavigation, historyAt, type TabHistory } from "./explain-navigation.ts";

const history = (index: number, ...entries: readonly (readonly [url: string, transition: string])[]): TabHistory => ({
  index,
  entries: entries.map(([url, transition], id) => ({ id, url, transition })),
});
const a = ["https://a.example/", "typed"] as const;
const b = ["https://b.example/", "link"] as const;
const late = 60_000;

test.each([
  ["an address that is typed", undefined, history(0, a), 0, { kind: "goto", url: a[0] }],
  ["a link", history(0, a), history(1, a, b), late, undefined],
  ["a form", history(0, a), history(1, a, [b[0], "form_submit"]), late, undefined],
  ["going back", history(1, a, b), history(0, a, b), late, { kind: "go_back" }],
  ["going back two pages", history(2, a, b, b), history(0, a, b, b), late, { kind: "goto", url: a[0] }],
  ["a page that goes back when it is clicked", history(1, a, b), history(0, a, b), 10, undefined],
  ["a reload", history(0, a), history(0, [a[0], "reload"]), late, { kind: "reload" }],
  ["a page that reloads when it is clicked", history(0, a), history(0, [a[0], "reload"]), 10, undefined],
  ["a new tab's own page", undefined, history(0, ["chrome://newtab/", "typed"]), late, undefined],
])("%s is told from what a page does", (_, before, now, sinceMs, expected) => {
  expect(explainNavigation(before, now, sinceMs)).toEqual(expected);
});

test("a history that was read late is looked back in, and one that was read early is none", () => {
  expect(historyAt(a[0], history(1, a, b))).toEqual(history(0, a, b));
  expect(historyAt("https://c.example/", history(1, a, b))).toBeUndefined();
});
