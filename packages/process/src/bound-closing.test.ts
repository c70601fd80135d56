import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** A process that begins to close at once; `rest` is what it still has. */
async function close(rest: string): Promise<string> {
  const script = `const { boundClosing } = await import(${JSON.stringify(new URL("bound-closing.ts", import.meta.url).href)});
    boundClosing({ error: (facts, words) => console.log(words, facts.open.join()) }, 100); ${rest}`;
  return (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 })).stdout;
}

test("what keeps a process open is told and cut short; one that has closed says nothing", async () => {
  expect(await close("setInterval(() => {}, 1_000);")).toMatch(/^closing took too long and was cut short .*Timeout/);
  expect(await close("")).toBe("");
});
