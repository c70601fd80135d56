import { createSocket, type Socket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EgressGate } from "./egress-gate.ts";
import { rememberAnswers } from "./resolve-host.ts";

/** A name server of the attacker's: it answers each question with the next of its addresses, good for no time at all. */
let server: Socket;
let asked = 0;
const answers = ["93.184.216.34", "127.0.0.1"];
const resolver = new Resolver({ timeout: 2_000, tries: 1 });

beforeAll(async () => {
  server = createSocket("udp4").bind(0, "127.0.0.1");
  server.on("message", (question, { port, address }) => {
    const next = (answers[asked++ % answers.length] ?? "").split(".").map(Number);
    const name = question.subarray(12, question.indexOf(0, 12) + 5);
    const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...next]);
    server.send(Buffer.concat([head, name, answer]), port, address);
  });
  await once(server, "listening");
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
});
afterAll(() => void server.close());

const resolve = (host: string) => resolver.resolve4(host);
const policy = { allowedDomains: [], blockedDomains: [], allowPrivateNetworks: false, allowedPrivateHosts: [], forbidden: [] };

test("[weakness 26] a name whose server says something else each time leads only where it was judged to lead", async () => {
  const gate = new EgressGate(resolve);
  gate.policy = policy;
  const verdicts = [];
  for (let tries = 0; tries < 4; tries++) verdicts.push(await gate.judge({ host: "rebind.example", port: 80 }));
  expect(verdicts).toMatchObject([
    { addresses: ["93.184.216.34"] },
    { denial: { rule: "private_network" } },
    { addresses: ["93.184.216.34"] },
    { denial: { rule: "private_network" } },
  ]);
});

test("an answer is kept for ten seconds, and what failed is asked for again", async () => {
  let now = 0;
  let calls = 0;
  const remembered = rememberAnswers(
    async (host) => {
      calls++;
      if (host === "broken.example") throw new Error("No.");
      return [`192.0.2.${calls}`];
    },
    () => now,
  );
  expect(await Promise.all([remembered("a.example"), remembered("a.example")])).toEqual([["192.0.2.1"], ["192.0.2.1"]]);
  now = 9_999;
  expect(await remembered("a.example")).toEqual(["192.0.2.1"]);
  now = 10_000;
  expect(await remembered("a.example")).toEqual(["192.0.2.2"]);
  await expect(remembered("broken.example")).rejects.toThrow();
  await expect(remembered("broken.example")).rejects.toThrow();
  expect(calls).toBe(4);
});

test("two names are looked up at once, however many are asked for, and each in its turn", async () => {
  const waiting: { host: string; answer: (addresses: string[]) => void }[] = [];
  const remembered = rememberAnswers((host) => new Promise((answer) => waiting.push({ host, answer })));
  const all = Promise.all(["a", "b", "c", "d"].map((host) => remembered(host)));
  for (const host of ["a", "b", "c", "d"]) {
    await expect.poll(() => waiting.map((one) => one.host)).toContain(host);
    expect(waiting.length).toBeLessThanOrEqual(2);
    const [first] = waiting.splice(
      waiting.findIndex((one) => one.host === host),
      1,
    );
    first?.answer([host]);
  }
  expect(await all).toEqual([["a"], ["b"], ["c"], ["d"]]);
});

test("no more than 256 names wait", async () => {
  const remembered = rememberAnswers(() => new Promise(() => {}));
  const asked = Array.from({ length: 258 }, (_, index) => remembered(`${index}.example`));
  await expect(remembered("late.example")).rejects.toThrow("Too many names");
  expect(asked).toHaveLength(258);
});
