import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { answer, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { runHere } from "../run-here.fixture.ts";

it("a file that is not there, is a folder or is no journal is the caller's mistake, and is called so", async () => {
  await using folder = await tempFolder();
  await using gateway = await startStubGateway();
  const other = join(folder.path, "passwd");
  await writeFile(other, "root:x:0:0:root:/root:/bin/sh\n".repeat(9));
  for (const [args, said] of [
    [["run", "hello", "--file", "a=nowhere.csv"], "--file a: There is no file nowhere.csv."],
    [["run", "hello", "--file", `a=${folder.path}`], `--file a: ${folder.path} is a folder; name a file in it.`],
    [["run", folder.path], `${folder.path} is a folder; name a file in it.`],
    [["verify", other], `${other} is no journal of Clew`],
  ] as const)
    expect(await runHere([...args, "--url", gateway.url])).toEqual({ code: 2, out: "", err: expect.stringContaining(said) });
  expect(gateway.seen).toEqual([]);
});

it("an error that nobody explains comes with the id of its request", async () => {
  await using gateway = await startStubGateway();
  const error = { code: "INTERNAL", reason: "INTERNAL", message: "Something went wrong inside.", details: {} };
  gateway.script("GET /v1/playbooks", answer(500, { error }, { "x-request-id": "req-7" }));
  expect(await runHere(["playbooks", "--url", gateway.url])).toEqual({
    code: 1,
    out: "",
    err: expect.stringContaining("(INTERNAL, request req-7)"),
  });
});

it.each([
  [["run", "hello", "--bogus"], "unknown option '--bogus'"],
  [["runn", "hello"], "unknown command 'runn' (Did you mean run?)"],
  [["stop"], "missing required argument 'run'"],
  [["playbook", "check"], "missing required argument 'file'"],
])("a command line that is wrong is told as every other mistake is: %s", async (args, said) => {
  expect(await runHere(args)).toEqual({ code: 2, out: "", err: `clew: ${said} (INVALID_REQUEST)\n  npx clew --help says more\n` });
  const { code, out, err } = await runHere([...args, "--json"]);
  expect([code, out, JSON.parse(err).error]).toMatchObject([2, "", { reason: "INVALID_REQUEST", message: said }]);
});

it.each([["--help"], ["run", "--help"], ["--version"]])("what is asked of the program itself is no mistake: %s", async (...args) => {
  expect(await runHere(args)).toMatchObject({ code: 0, err: "" });
});
