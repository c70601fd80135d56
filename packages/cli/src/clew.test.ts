import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const launcher = fileURLToPath(new URL("clew.mjs", import.meta.url));

it("says in one line what to write where the Node it is started with runs no TypeScript", () => {
  const run = (...flags: readonly string[]) => spawnSync(process.execPath, [...flags, launcher, "--version"], { encoding: "utf8" });
  expect(run()).toMatchObject({ status: 0, stderr: "" });
  expect(run("--no-strip-types")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringMatching(/^clew: Node \S+ does not run TypeScript. Write `npx clew`, .*\n$/),
  });
});
