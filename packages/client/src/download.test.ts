import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { sampleRunId } from "../../../test/support/sample-run.ts";
import { answer, type Script, startStubGateway } from "../../../test/support/stub-gateway.ts";
import { createClew } from "./clew.ts";

const path = `GET /v1/runs/${sampleRunId}/artifacts/trace.zip`;
const bytes = Buffer.from("0123456789");
const tagOf = (content: Buffer) => `"${createHash("sha256").update(content).digest("hex")}"`;
const etag = tagOf(bytes);

/** Sends a file, or so many bytes of it, and then breaks. */
const whole =
  (upTo = bytes.length, { content = bytes, tag = etag, length = bytes.length } = {}): Script =>
  (response) => {
    response.writeHead(200, { etag: tag, "content-length": length });
    response.write(content.subarray(0, upTo), () => (upTo < length ? response.destroy() : response.end()));
  };
/** Sends the rest of a file, or of it what lies before a place, and then breaks. */
const rest =
  (from: number, upTo = bytes.length, tag = etag): Script =>
  (response) => {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { etag: tag, "content-range": range, "content-length": bytes.length - from });
    response.write(bytes.subarray(from, upTo), () => (upTo < bytes.length ? response.destroy() : response.end()));
  };

async function download(...scripts: readonly Script[]) {
  await using gateway = await startStubGateway();
  gateway.script(path, ...scripts);
  const parts: Uint8Array[] = [];
  const run = createClew({ url: gateway.url, patienceMs: 1_000 }).run(sampleRunId);
  const outcome = await Array.fromAsync(run.download("trace.zip", { sha256: createHash("sha256") }), (part) => parts.push(part)).then(
    () => "done",
    ({ reason }: { readonly reason: string }) => reason,
  );
  const asked = gateway.seen.map(({ headers }) => headers.range);
  return { outcome, got: Buffer.concat(parts).toString(), asked, held: gateway.seen.map(({ headers }) => headers["if-range"]) };
}

it("brings every byte over connections that break, each asked for the rest of the same file", async () => {
  expect(await download(whole(4), rest(4, 7), rest(7, 7), rest(7))).toEqual({
    outcome: "done",
    got: "0123456789",
    asked: [undefined, "bytes=4-", "bytes=7-", "bytes=7-"],
    held: [undefined, etag, etag, etag],
  });
});

it("begins anew where nothing had come", async () => {
  expect(await download(whole(0), whole())).toMatchObject({ outcome: "done", got: "0123456789", asked: [undefined, undefined] });
});

it("never puts two files together", async () => {
  const other = tagOf(Buffer.from("abcdefghij"));
  expect(await download(whole(4), whole())).toMatchObject({ outcome: "ARTIFACT_DAMAGED", got: "0123" });
  expect(await download(whole(4), rest(4, 10, other))).toMatchObject({ outcome: "ARTIFACT_DAMAGED", got: "0123" });
  expect(await download(whole(4), rest(5))).toMatchObject({ outcome: "ARTIFACT_DAMAGED", got: "0123" });
});

it("does not take for the whole what has another digest", async () => {
  expect(await download(whole(10, { content: Buffer.from("01234x6789") }))).toMatchObject({ outcome: "ARTIFACT_DAMAGED" });
});

it("never ends early in silence, and gives up where nothing more comes", async () => {
  expect(await download(whole(4, { tag: "" }))).toMatchObject({ outcome: "CONNECTION_LOST", got: "0123", asked: [undefined] });
  const nothing = Array.from({ length: 9 }, () => rest(4, 4));
  expect(await download(whole(4), ...nothing)).toMatchObject({ outcome: "CONNECTION_LOST", got: "0123" });
  expect(
    await download(whole(4), answer(404, { error: { code: "NOT_FOUND", reason: "ARTIFACT_EXPIRED", message: "Gone." } })),
  ).toMatchObject({
    outcome: "ARTIFACT_EXPIRED",
  });
});
