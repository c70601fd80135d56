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
