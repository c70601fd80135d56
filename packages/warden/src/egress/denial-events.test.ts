import { expect, test } from "vitest";
import { DenialEvents, type EventPayload } from "./denial-events.ts";
import { EgressLedger } from "./egress-ledger.ts";

const denial = { rule: "private_network", message: "No." } as const;

test("a hundred denials are told of, and once that there are more", () => {
  const said: EventPayload["$case"][] = [];
  const events = new DenialEvents((_summary, { $case }) => said.push($case));
  for (let port = 1; port <= 300; port++) events.tell({ host: "10.0.0.1", port }, denial);
  expect(said).toEqual([...Array(100).fill("egressDenied"), "warningRaised"]);
});

test("a host too long for a summary is not cut, in which half a secret could stand, but left out", () => {
  const said: string[] = [];
  const events = new DenialEvents((summary) => said.push(summary));
  events.tell({ host: `${"hunter22.".repeat(25)}example`, port: 443 }, denial);
  expect(said).toEqual(["Denied a connection to a host with a long name (private_network)"]);
});

test("a ledger that is full adds up what else comes", () => {
  const ledger = new EgressLedger({ mostEntries: 2 });
  for (let index = 0; index < 10; index++) ledger.note(`host-${index}`, 80, "");
  expect(ledger.entries.map(({ host, connections }) => [host, connections])).toEqual([
    ["host-0", 1],
    ["host-1", 1],
    ["*", 8],
  ]);
});
