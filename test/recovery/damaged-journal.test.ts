import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startSystem } from "../support/system.ts";

/** One frame of an SSE stream: its name, empty for an event of the run, and what it holds. */
async function frames(url: string): Promise<{ name: string; id: string; data: Record<string, unknown> }[]> {
  const text = await (await fetch(url, { signal: AbortSignal.timeout(30_000) })).text();
  return text
    .split("\n\n")
    .map((block) => {
      const field = (name: string) =>
        block
          .split("\n")
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      return { name: field("event") ?? "", id: field("id") ?? "", data: JSON.parse(field("data") ?? "null") };
    })
    .filter(({ data }) => data !== null);
}

it("tells readers of a finished run that its journal was damaged, at every door, and brings them to its end", async () => {
  await using system = await startSystem();
  const source = `id: short\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n`;
  const run = await system.clew.createRun(system.spec(source));
  const before = await run.result();
  const events = (await frames(`${system.url}/v1/runs/${run.id}/stream`)).filter(({ name }) => name === "");
  expect(before.state).toBe("COMPLETED");
  const folder = join(system.volume, "runs", run.id);
  await system.restart(async () => {
    const journal = await readFile(join(folder, "journal"));
    const at = Math.floor(journal.length / 2);
    journal.writeUInt8(journal.readUInt8(at) ^ 0x55, at);
    await writeFile(join(folder, "journal"), journal);
  });

  const seen = await frames(`${system.url}/v1/runs/${run.id}/stream`);
  const delivered = seen.filter(({ name }) => name === "").map(({ data }) => data);
  expect(delivered.map(({ sequence }) => sequence)).toEqual(delivered.map((_, index) => index + 1));
  expect(delivered.slice(-2).map(({ type }) => type)).toEqual(["outcomePublished", "runFinished"]);
  const warned = delivered.findIndex(({ type }) => type === "warningRaised");
  expect(delivered[warned]).toMatchObject({
    warningRaised: { reason: "JOURNAL_DAMAGED", details: { lostFrom: String(warned + 1), lostTo: String(events.length) } },
  });
  expect(delivered.slice(0, warned).map(({ summary }) => summary)).toEqual(events.slice(0, warned).map(({ data }) => data["summary"]));
  expect(seen.find(({ name }) => name === "reset")?.data).toMatchObject({ reason: "EPOCH_CHANGED" });
  expect(seen.at(-1)?.name).toBe("end");

  // A token of the lost part is refused with the one to read on from; the bytes of before are kept.
  const old = await fetch(`${system.url}/v1/runs/${run.id}/events?after=${events.at(-1)?.id}`);
  expect([old.status, (await old.json()).error.reason]).toEqual([400, "EPOCH_CHANGED"]);
  expect(await readdir(folder)).toContain(`journal.damaged-${warned + 1}`);
  const after = await system.clew.getRun(run.id);
  expect([after.state, after.effects, after.lastSequence]).toEqual(["COMPLETED", "UNKNOWN", delivered.length]);
  // The client comes to the end by itself.
  const followed: number[] = [];
  for await (const event of system.clew.run(run.id).events()) followed.push(event.sequence);
  expect(followed).toEqual(delivered.map(({ sequence }) => sequence));
});
