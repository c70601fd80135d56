import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { message, openRelay } from "./model-relay.fixture.ts";

const record = { cassette: { mode: "record", header: { models: { model: "anthropic:claude-sonnet-4-5" } } } } as const;
const said = (text: string) => ({ messages: [{ role: "user", content: [{ type: "text", text }] }] });

/** A cassette of what is asked of a scripted model, and how it answered. */
async function recorded(asked: readonly object[], script: Parameters<typeof openRelay>[0]) {
  await using run = await openRelay(script, record);
  const answers = [];
  for (const each of asked) answers.push(await run.ask(each));
  return { cassette: await readFile(run.cassettePath, "utf8"), answers, calls: run.calls() };
}

/** A relay that replays a cassette, with no provider to ask. */
async function replaying(cassette: string) {
  await using parts = new AsyncDisposableStack();
  const run = parts.use(await openRelay(() => ({ text: "This must not be heard." })));
  await writeFile(run.cassettePath, cassette);
  await run.relay.grant({ ...run.access, providers: {}, cassette: { mode: "replay", path: run.cassettePath } });
  parts.move();
  return run;
}

describe("a cassette", () => {
  it("answers the same requests with the same answers, troubles included, and counts the same", async () => {
    const asked = [said("One."), said("One."), said("Two."), { ...said("Three."), stream: true }];
    const script = [{ status: 529 }, { text: "First." }, { toolCalls: [{ name: "goto", input: { url: "x" } }] }, { text: "Third." }];
    const { cassette, answers, calls } = await recorded(asked, script);
    await using run = await replaying(cassette);
    const replayed = [];
    for (const each of asked) replayed.push(await run.ask(each));
    expect(replayed.map(({ status, text }) => ({ status, text }))).toEqual(answers.map(({ status, text }) => ({ status, text })));
    expect(run.calls().map((call) => ({ ...call, durationMs: 0 }))).toEqual(calls.map((call) => ({ ...call, durationMs: 0 })));
    expect(run.server.requests).toEqual([]);
  });

  it("makes nobody wait for what a provider once wanted", async () => {
    const { cassette } = await recorded([said("One.")], [{ status: 429, retryAfter: "60" }]);
    await using run = await replaying(cassette);
    expect((await run.ask(said("One."))).headers["retry-after"]).toBeUndefined();
  });

  it("takes what is random for the same where it stands at the same places", async () => {
    const marked = (nonce: string, other: string) => said(`<page ${nonce}> A page ${other}. </page ${nonce}>`);
    const [a, b, c] = ["3f9a17c2d4e5b601", "99ffe8a7b6c5d4e3", "0b0f31c1-7c2b-4d5e-9f00-aa11bb22cc33"];
    const { cassette } = await recorded([marked(a, c)], [{ text: "Seen." }]);
    await using run = await replaying(cassette);
    expect((await run.ask(marked(b, a))).text).toContain("Seen.");
    await using forged = await replaying(cassette);
    expect((await forged.ask(said(`<page ${a}> A page ${c}. </page ${c}>`))).headers["x-clew-reason"]).toBe("CASSETTE_MISMATCH");
  });

  it("takes a picture for any other", async () => {
    const picture = (byte: string) => ({ type: "image", source: { type: "base64", media_type: "image/png", data: byte.repeat(2_000) } });
    const looked = (byte: string) => ({ messages: [{ role: "user", content: [picture(byte)] }] });
    const { cassette } = await recorded([looked("A")], [{ text: "A cat." }]);
    expect(cassette).not.toContain("AAAA");
    await using run = await replaying(cassette);
    expect((await run.ask(looked("B"))).text).toContain("A cat.");
  });

  it("says what differs, and where", async () => {
    const { cassette } = await recorded([said("Cancel order 12345.")], [{}]);
    await using run = await replaying(cassette);
    const answer = await run.ask(said("Cancel order 12346."));
    expect(answer.headers["x-clew-reason"]).toBe("CASSETTE_MISMATCH");
    expect(answer.text).toContain("Call 1 of a model is not the cassette's");
    expect(JSON.parse(answer.text).error.message).toContain(
      'request.body.messages[0].content[0].text: recorded "Cancel order 12345.", asked "Cancel order 12346."',
    );
    expect(run.calls()).toMatchObject([{ inputTokens: 0, error: { reason: "CASSETTE_MISMATCH" } }]);
  });

  it("says when it is over", async () => {
    const { cassette } = await recorded([said("One.")], [{}]);
    await using run = await replaying(cassette);
    await run.ask(said("One."));
    expect((await run.ask(said("One."))).text).toContain("it holds 1 calls, and this is one more");
  });

  it("gives what was asked at once back in any order", async () => {
    const { cassette } = await recorded([said("One."), said("Two.")], [{ text: "1" }, { text: "2" }]);
    await using run = await replaying(cassette);
    expect([(await run.ask(said("Two."))).text, (await run.ask(said("One."))).text]).toEqual([
      expect.stringContaining('"text":"2"'),
      expect.stringContaining('"text":"1"'),
    ]);
  });

  it("holds no key, and nothing that a header said", async () => {
    const { cassette } = await recorded([message], [{}]);
    expect(cassette).not.toMatch(/sk-operator|x-api-key|authorization/i);
  });

  it.each([
    ["", 1],
    ['{"cassette":2}\n', 1],
    ["hello\n", 1],
    ['{"cassette":1}\n{"model":"x"}\n', 2],
  ])("is not %j", async (text, line) => {
    await using run = await replaying(text);
    const answer = await run.ask();
    expect(answer.headers["x-clew-reason"]).toBe("CASSETTE_INVALID");
    expect(answer.text).toContain(`Line ${line} `);
  });
});
