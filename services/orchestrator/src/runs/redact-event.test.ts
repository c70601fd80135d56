import { KnownSecrets } from "@clew/playbook/known-secrets";
import { Outcome, Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { SandboxEvent } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBody, type Payload } from "./event.ts";
import { fitOutcome } from "./fit-outcome.ts";
import { limits } from "./limits.ts";
import { createRedactEvent } from "./redact-event.ts";

const admitted = limits.eventBytes - limits.eventHeadroomBytes;

/** An event whose data fills it up to what is admitted. */
function filled(data: (count: number) => Record<string, unknown>): SandboxEvent {
  const event = (count: number) =>
    SandboxEvent.fromPartial({
      sequence: 1,
      summary: "s",
      payload: { $case: "outcomePublished", value: { state: Run_State.COMPLETED, outcome: Outcome.fromPartial({ data: data(count) }) } },
    });
  let count = 1;
  for (let step = 1 << 15; step > 0; step >>= 1)
    if (SandboxEvent.encode(event(count + step)).finish().byteLength <= admitted) count += step;
  return event(count);
}

const list = (text: string) => (count: number) => ({ list: Array.from({ length: count }, () => text) });

describe("an event that a sandbox may just say", () => {
  it.each([
    ["one text of a short secret again and again", ["abcd"], (count: number) => ({ text: "abcd".repeat(count) })],
    ["many texts that are a secret", ["abcd"], list("abcd")],
    ["many texts that are a secret of one letter", ["a"], list("a")],
    ["a secret that looks like a mark", ["[red"], list("[red")],
    ["a secret of the brief mark's letter", ["████"], list("████")],
    [
      "keys that hold a secret",
      ["abcd"],
      (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`abcd${at}`, "abcd"])),
    ],
  ])("fits the journal when it was redacted: %s", (_, secrets, data) => {
    const event = filled(data);
    const { summary, payload } = createRedactEvent(new KnownSecrets(secrets))(event);
    const body = encodeBody({ summary, payload: payload as Payload });
    expect(body.byteLength).toBeLessThanOrEqual(limits.eventBytes);
    const text = Buffer.from(body).toString();
    // A secret of one letter is looked for only where it is all of a text.
    for (const secret of secrets) expect(secret.length > 1 && text.includes(secret)).toBe(false);
  });

  it("fits with any secrets and texts, and holds none of them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 4, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
        fc.string({ maxLength: 8 }),
        (secrets, around) => {
          const event = filled((count) => ({ text: `${around}${secrets.join(around)}`.repeat(count) }));
          const { summary, payload } = createRedactEvent(new KnownSecrets(secrets))(event);
          expect(encodeBody({ summary, payload: payload as Payload }).byteLength).toBeLessThanOrEqual(limits.eventBytes);
          const { value } = payload as Extract<Payload, { $case: "outcomePublished" }>;
          for (const secret of secrets) expect(String(value.outcome?.data?.["text"])).not.toContain(secret);
        },
      ),
      { numRuns: 10 },
    );
  });

  it("keeps the readable marks where they fit", () => {
    const event = SandboxEvent.fromPartial({
      summary: "typed abcd",
      payload: {
        $case: "outcomePublished",
        value: { state: Run_State.COMPLETED, outcome: Outcome.fromPartial({ data: { "key abcd": { name: "abcd" } } }) },
      },
    });
    const said = createRedactEvent(new KnownSecrets(["abcd"]))(event);
    expect(said.summary).toBe("typed [redacted]");
    expect(said.payload).toMatchObject({ value: { outcome: { data: { "key [redacted]": { name: "[redacted]" } } } } });
  });
});

it("masks what became a secret since", () => {
  const secrets = new KnownSecrets(["abcd"]);
  const redact = createRedactEvent(secrets);
  const event = SandboxEvent.fromPartial({ summary: "abcd, efgh", payload: { $case: "outcomePublished", value: {} } });
  expect(redact(event).summary).toBe("[redacted], efgh");
  secrets.add(["efgh"]);
  expect(redact(event).summary).toBe("[redacted], [redacted]");
});

it("cuts an outcome that fits no event to its beginning, and says so", () => {
  const small = Outcome.fromPartial({ summary: "done", data: { a: 1 } });
  expect(fitOutcome(small)).toBe(small);
  const large = fitOutcome(Outcome.fromPartial({ summary: "x".repeat(5_000), extractedTexts: ["y".repeat(limits.eventBytes)] }));
  expect([large.summary.length, large.extractedTexts, large.truncated]).toEqual([500, [], true]);
});
