import { expect, test } from "vitest";
import { withoutPasswords } from "./without-passwords.ts";

test.each([
  [`<input type=password value=hunter2>`, `<input type=password value="[redacted]">`],
  [`<INPUT value='hunter2' TYPE="Password"/>`, `<INPUT value="[redacted]" TYPE="Password"/>`],
  [`<input title="a>b" type = password\nvalue = "hunter2" required>`, `<input title="a>b" type = password\nvalue = "[redacted]" required>`],
  [
    `<p><input value=a><input type=password value=hunter2><input value=b>`,
    `<p><input value=a><input type=password value="[redacted]"><input value=b>`,
  ],
  [`<input type=password value="hunter2 without an end`, `<input type=password value="[redacted]" without an end`],
  [`<input type=text value=shown><inputs type=password value=shown>`, `<input type=text value=shown><inputs type=password value=shown>`],
])("takes what a password field holds out of markup: %s", (markup, masked) => {
  expect(withoutPasswords(markup)).toBe(masked);
});

test.each([
  ["tags that never end", "<input type=password "],
  ["quotes that never end", `<input type=password value="'`],
  ["names that never end", "<input ="],
  ["spaces", "<input a      "],
])("reads a megabyte of %s in one go", { timeout: 5_000 }, (_, piece) => {
  const markup = piece.repeat(2 ** 20 / piece.length);
  expect(withoutPasswords(markup).length).toBeGreaterThan(1_000);
});
