import { expect, test } from "vitest";
import { namedSites } from "./named-sites.ts";

test.each<[string, readonly string[]]>([
  ["Read https://shop.example.com/a?b=1, then stop.", ["https://shop.example.com/a?b=1"]],
  ["Find the price on shop.example.com.", ["http://shop.example.com"]],
  ["Look at example.co.uk/prices and bücher.de", ["http://example.co.uk/prices", "http://bücher.de"]],
  ["Open docs.example.com:8443/x", ["http://docs.example.com:8443/x"]],
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
