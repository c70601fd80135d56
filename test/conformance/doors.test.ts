import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { doors } from "../support/doors.ts";
import { Refusal } from "../support/refusal.ts";
import type { Door, Doorway, JsonFields, Told } from "../support/told.ts";
import { type CallCase, type FollowCase, type Following, parseCases, readCases } from "./door-case.ts";
import { type DoorFixture, startDoorFixture } from "./door-fixture.ts";

let fixture: DoorFixture;
beforeAll(async () => {
  fixture = await startDoorFixture();
}, 180_000);
afterAll(async () => {
  await fixture?.[Symbol.asyncDispose]();
}, 120_000);

const cases = [...readCases()].flatMap(([file, list]) => list.map((one) => ({ file, one })));

for (const door of doors) {
  describe(`the ${door.name} door`, () => {
    for (const { file, one } of cases) {
      if (!one.doors.some((name) => name === door.name)) continue;
      it(`${one.case} (PROTOCOL ${one.rule}, ${file})`, () => ("follow" in one ? checkFollow(door, one) : checkCall(door, one)));
    }
  });
}

it("every case cites a rule that there is", () => {
  const rules = readFileSync("PROTOCOL.md", "utf8")
    .split(/^## (?=\d+\. )/m)
    .flatMap((section) => [...section.matchAll(/^(\d+)\. /gm)].slice(1).map(([, number]) => `${Number.parseInt(section, 10)}.${number}`));
  expect(cases.map(({ one }) => one.rule).filter((rule) => !rules.includes(rule))).toEqual([]);
});

it.each([
  ["no door executes", "- { case: x, rule: '1.1', doors: [], call: listRuns, expect: { answer: {} } }", /no door executes it/],
  [
    "speaks of a door where it is not executed",
    "- { case: x, rule: '1.1', doors: [rest], call: listRuns, expect: { answer: {} }, at: { grpc: { answer: {} } } }",
    /grpc/,
  ],
  ["expects nothing", "- { case: x, rule: '1.1', call: listRuns }", /expect/],
  ["asks for a call that is none", "- { case: x, rule: '1.1', call: listRnus, expect: { answer: {} } }", /call/],
])("a case that %s is an error", (_, text, says) => {
  expect(() => parseCases("file", text)).toThrow(says);
});

async function checkFollow(door: Door, { follow, as, expect: usual, at }: FollowCase): Promise<void> {
  const expected = at[door.name] ?? usual;
  const runId = await fixture.runId(follow.run);
  const told: Told[] = [];
  let refused: unknown;
  try {
    const ask = {
      runId,
      ...(follow.after === undefined ? {} : { after: fixture.positionOf(follow.after, follow.run) }),
      ...(follow.types === undefined ? {} : { types: follow.types }),
      signal: AbortSignal.timeout(30_000),
    };
    for await (const one of door.follow(fixture.doorway(as), ask)) {
      if (told.length === 0 && follow.meanwhile === "stop") await fixture.stop(runId);
      told.push(one);
    }
  } catch (thrown) {
    refused = thrown;
  }
  if ("refused" in expected) return expectRefusal(refused, expected.refused);
  if (refused !== undefined) throw refused;
  if ("nothing" in expected) return expect(told).toEqual([{ kind: "nothing" }]);
  expectTold(told, expected, await fixture.sequencesOf(runId));
}

/** Compares what was told with what a case expects of a stream that is not refused. */
function expectTold(told: readonly Told[], expected: Extract<Following, { ends: boolean }>, all: readonly number[]): void {
  const events = told.filter((one) => one.kind === "event");
  const resets = told.flatMap((one) => (one.kind === "reset" ? [one.reason] : []));
  expect(resets).toEqual(expected.reset === undefined ? [] : [expected.reset]);
  if (expected.events !== undefined) expect(events.map(({ sequence }) => sequence)).toEqual(all.filter(inRange(expected.events)));
  if (expected.types !== undefined) expect(events.map(({ type }) => type)).toEqual(expected.types);
  expect(told.at(-1)?.kind === "end").toBe(expected.ends);
  const end = told.find((one) => one.kind === "end");
  if (end?.lastSequence !== undefined) expect(end.lastSequence).toBe(all.at(-1));
  for (const { token } of events) expect(token).toMatch(/^[A-Za-z0-9._~-]{1,256}$/);
}

async function checkCall(door: Door, { call, with: request, as, expect: usual, at }: CallCase): Promise<void> {
  const expected = at[door.name] ?? usual;
  let answer: JsonFields | undefined;
  let refused: unknown;
  try {
    answer = await callAt(door, fixture.doorway(as), call, fixture.fill(request));
  } catch (thrown) {
    refused = thrown;
  }
  if ("refused" in expected) return expectRefusal(refused, expected.refused);
  if (refused !== undefined) throw refused;
  expect(answer).toMatchObject(fixture.fill(expected.answer));
}

async function callAt(door: Door, at: Doorway, call: CallCase["call"], request: JsonFields): Promise<JsonFields> {
  if (door.call === undefined) throw new Error(`the ${door.name} door takes no calls`);
  return await door.call(at, call, request);
}

function expectRefusal(
  thrown: unknown,
  expected: { code: string; reason: string; details: readonly string[]; fields: readonly string[] },
): void {
  if (!(thrown instanceof Refusal)) throw thrown ?? new Error(`it should have been refused with ${expected.reason}`);
  const { code, reason, fields } = thrown;
  expect({ code, reason }).toEqual({ code: expected.code, reason: expected.reason });
  expect(Object.keys(thrown.details)).toEqual(expect.arrayContaining([...expected.details]));
  if (expected.fields.length > 0) expect(fields).toEqual(expected.fields);
  expect(thrown.message).not.toMatch(/node_modules|\/tmp\/| at .*\.ts/);
}

function inRange(text: string): (sequence: number) => boolean {
  if (text === "all") return () => true;
  if (text === "none") return () => false;
  const [from = "", to = ""] = text.split("..");
  return (sequence) => sequence >= Number(from) && (to === "last" || sequence <= Number(to));
}
