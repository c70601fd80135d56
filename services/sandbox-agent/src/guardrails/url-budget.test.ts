import { expect, test } from "vitest";
import { normalizeUrl, UrlBudget } from "./url-budget.ts";

test("counts each different address once, and lets visited ones be visited again", () => {
  const budget = new UrlBudget(2);
  budget.spend("https://a.example/one");
  budget.spend("https://A.example/one/#part");
  expect(budget.allows("https://a.example/two")).toBe(true);
  budget.spend("https://a.example/two");
  expect(budget.allows("https://a.example/three")).toBe(false);
  expect(budget.allows("https://a.example/one")).toBe(true);
  expect(budget.allows("https://a.example/one?page=2")).toBe(false);
});

test("counts nothing beyond its limit", () => {
  const budget = new UrlBudget(1);
  budget.spend("https://a.example/one");
  budget.spend("https://a.example/two");
  expect(budget.allows("https://a.example/two")).toBe(false);
});

test.each([
  ["HTTPS://Example.COM/", "https://example.com"],
  ["https://example.com./a//", "https://example.com/a"],
  ["https://example.com:443/a#b", "https://example.com/a"],
  ["http://example.com.:8080/?q=1", "http://example.com:8080?q=1"],
  ["no address", "no address"],
])("writes %s as %s", (address, normal) => {
  expect(normalizeUrl(address)).toBe(normal);
});
