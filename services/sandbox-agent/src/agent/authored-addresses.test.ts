import { parsePlaybook } from "@clew/playbook/parse-playbook";
import { expect, test } from "vitest";
import { authoredAddresses } from "./authored-addresses.ts";

function addresses(source: string, values: Readonly<Record<string, string>> = {}, namedStart?: string) {
  const parsed = parsePlaybook(source);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return authoredAddresses({
    playbook: parsed.playbook,
    calledPlaybooks: new Map(),
    values: new Map(Object.entries(values)),
    namedStart,
  });
}

test("a playbook's sites are those its author and its caller wrote, wherever in it they stand", () => {
  const source = `id: x
parameters: [{ name: host }]
steps:
  - { action: goto, params: { url: "https://shop.example/orders" } }
  - { if: { text_on_page: Late }, then: [{ action: goto, params: { url: "https://{host}/late" } }] }
  - { action: execute_sequence, steps: [{ action: api_request, request: { url: "https://api.example/orders" } }] }
`;
  expect(addresses(source, { host: "late.example" }, "https://start.example/")).toEqual([
    "https://start.example/",
    "https://shop.example/orders",
    "https://late.example/late",
    "https://api.example/orders",
  ]);
});

test("what a step read of a page names no site", () => {
  const source = `id: x
steps:
  - { action: extract, selector: a, store_as: next }
  - { action: goto, params: { url: "{next}" } }
`;
  expect(addresses(source)).toEqual([]);
});
