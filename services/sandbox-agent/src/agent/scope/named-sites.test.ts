import { expect, test } from "vitest";
import { loginSites, namedSites } from "./named-sites.ts";

test.each<[string, readonly string[]]>([
  ["Read https://shop.example.com/a?b=1, then stop.", ["https://shop.example.com/a?b=1"]],
  ["Find the price on shop.example.com.", ["http://shop.example.com"]],
  ["Look at example.co.uk/prices and bücher.de", ["http://example.co.uk/prices", "http://bücher.de"]],
  ["Open docs.example.com:8443/x", ["http://docs.example.com:8443/x"]],
  ["Open cash.app and log in", ["http://cash.app"]],
  ["Find the price on example.info, or ask claude.ai", ["http://example.info", "http://claude.ai"]],
  ["Log in at shop.com; never go to partner.net", ["http://shop.com"]],
  ["Log in at https://shop.com, but do not open https://partner.net/x.", ["https://shop.com"]],
])("finds the sites in '%s'", (directive, sites) => {
  expect(namedSites(directive)).toEqual(sites);
});

test.each([
  "Summarize report.pdf and notes.md",
  "Find a Node.js course, or one about ASP.NET",
  "Write to jane.doe@example.com and joe@mail.example.org",
  "Rename invoice.2024.05.csv to final.v2.xlsx",
  "It costs 3.50 at 10.30 p.m., e.g. today, i.e. now",
  "Run script.sh and setup.py",
  "Use version 1.2.3 of socket.io",
])("[weakness 39] takes no file, product, number or mail address for a site: '%s'", (directive) => {
  expect(namedSites(directive)).toEqual([]);
});

test.each<[string, boolean, readonly string[]]>([
  ["Compare a.com with b.com, then log in at c.com", false, ["http://c.com"]],
  ["Go to shop.com, log in and cancel order 5", false, ["http://shop.com"]],
  ["Compare shop.com with other.com and log in", false, ["http://shop.com"]],
  ["Compare the price with other.com", true, []],
])("'%s' (a start is named: %s) lets credentials be entered at %j", (directive, isStartNamed, sites) => {
  expect(loginSites(directive, isStartNamed)).toEqual(sites);
});
