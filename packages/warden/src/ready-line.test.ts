import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { readyLine } from "./ready-line.ts";

test("finds the line whatever stands before it and however it arrives", async () => {
  const output = new PassThrough();
  const ready = readyLine(output);
  for (const part of ["not ready yet\n", "rea", "dy Chromium 1", "50\nready again\n"]) output.write(part);
  expect(await ready).toBe("Chromium 150");
});

test("keeps no more than the beginning of a line, and reads on whatever is written", async () => {
  const output = new PassThrough();
  const ready = readyLine(output);
  const chunk = Buffer.alloc(2 ** 16, "x");
  const [before, most] = [process.memoryUsage().heapUsed, 100 * 2 ** 20];
  for (let written = 0; written < 200 * 2 ** 20; written += chunk.length) {
    if (!output.write(chunk)) await new Promise((resolve) => output.once("drain", resolve));
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(most);
  output.write(`\nready ${"y".repeat(1_000)}\n`);
  expect(await ready).toBe("y".repeat(194));
  output.end("x".repeat(1_000_000));
  await new Promise((resolve) => output.once("end", resolve));
});
