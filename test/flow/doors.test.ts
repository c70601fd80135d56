import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { doors, readerAt, readLines } from "../support/doors.ts";
import { type System, startSystem } from "../support/system.ts";

describe("one run, seen through every door", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  it("[weakness 8, 11] is the same sequence of the same JSON, live and afterwards (PROTOCOL 3.1, 5.1)", async () => {
    const run = await system.clew.createRun(await system.cancelOrder());
    const live = await Promise.all(doors.map(readerAt).map((read) => read(system, run.id)));
    const [first = []] = live;
    const sequences = first.map((line): number => JSON.parse(line).sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    expect(sequences.length).toBeGreaterThan(20);
    expect(JSON.parse(first.at(-1) ?? "").type).toBe("runFinished");
    for (const other of live) expect(other).toEqual(first);
    const afterwards = await Promise.all([...doors.map(readerAt), readLines].map((read) => read(system, run.id)));
    for (const other of afterwards) expect(other).toEqual(first);
    expect(system.backOffice.orders.get("12345")?.status).toBe("cancelled");

    // Native EventSource, in Chromium, from the gateway's own page.
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(system.url);
      const seen = await page.evaluate(
        (id) =>
          new Promise<string[]>((resolve, reject) => {
            const lines: string[] = [];
            const source = new EventSource(`/v1/runs/${id}/stream`);
            source.onmessage = ({ data }) => lines.push(data);
            source.addEventListener("end", () => {
              source.close();
              resolve(lines);
            });
            setTimeout(() => reject(new Error("no end")), 30_000);
          }),
        run.id,
      );
      expect(seen).toEqual(first);
    } finally {
      await browser.close();
    }
  });

  it("answers a reader who has everything with 204, which stops EventSource (PROTOCOL 7.2)", async () => {
    const [run] = await Array.fromAsync(system.clew.listRuns());
    const response = await fetch(`${system.url}/v1/runs/${run?.id}/stream`, { headers: { "last-event-id": run?.resumeToken ?? "" } });
    expect(response.status).toBe(204);
  });
});
