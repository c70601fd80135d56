import { expect, test } from "vitest";
import { isOfSameSite } from "./same-site.ts";

test.each([
  ["https://www.example.com/", "https://example.com/login", true],
  ["https://accounts.example.co.uk/", "https://shop.example.co.uk/login", true],
  ["https://other.co.uk/", "https://example.co.uk/login", false],
  ["https://example.com.evil.net/", "https://example.com/login", false],
  ["https://mallory.github.io/", "https://alice.github.io/login", false],
  ["http://example.com/", "https://example.com/login", false],
  ["https://example.com/", "http://example.com/login", true],
  ["http://127.0.0.1:4000/in", "http://127.0.0.1:4000/login", true],
  ["http://127.0.0.1:5000/in", "http://127.0.0.1:4000/login", false],
  ["http://localhost:4000/in", "http://127.0.0.1:4000/login", false],
  ["https://intranet/in", "https://payroll/login", false],
])("a credential for %s is asked for at %s: %s", (page, login, isSame) => {
  expect(isOfSameSite(new URL(page), new URL(login))).toBe(isSame);
});
