import { expect, test } from "vitest";
import { parseBrowserState } from "./browser-state.ts";

const cookie = { name: "session", value: "x", domain: "shop.example" };

test("reads what Playwright writes, and fills in what others leave out", () => {
  const text = JSON.stringify({ cookies: [cookie], origins: [{ origin: "https://shop.example", localStorage: [], indexedDB: [] }] });
  expect(parseBrowserState(text)).toEqual({
    cookies: [{ ...cookie, path: "/", expires: -1, httpOnly: false, secure: false, sameSite: "Lax" }],
    origins: [{ origin: "https://shop.example", localStorage: [] }],
  });
});

test.each([
  ["no JSON", "session=x"],
  ["no object", "[]"],
  ["a cookie of no site", JSON.stringify({ cookies: [{ name: "a", value: "b" }] })],
  ["more than 1 MiB", JSON.stringify({ cookies: [{ ...cookie, value: "x".repeat(1024 * 1024) }] })],
])("answers nothing for %s", (_name, text) => {
  expect(parseBrowserState(text)).toBeUndefined();
});
