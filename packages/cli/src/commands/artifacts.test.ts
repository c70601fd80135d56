import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClew } from "@clew/client";
import { expect, it } from "vitest";
import { sampleRunId } from "../../../../test/support/sample-run.ts";
import { type Script, startStubGateway } from "../../../../test/support/stub-gateway.ts";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import type { Output } from "../output.ts";
import { artifactsCommand } from "./artifacts.ts";

const silent: Output = { json: true, command: (words) => words, say() {}, remark() {}, emit() {}, fail() {} };

it("a download that breaks is resumed, and of one that cannot be nothing is left", async () => {
  await using gateway = await startStubGateway();
  await using folder = await tempFolder();
  const bytes = Buffer.alloc(300_000, "0123456789");
  const etag = `"${createHash("sha256").update(bytes).digest("hex")}"`;
  const breaking: Script = (response) => {
    response.writeHead(200, { etag, "content-length": bytes.length });
    response.write(bytes.subarray(0, 200_000), () => response.destroy());
  };
  const resumed: Script = (response, { headers }) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1]);
    response.writeHead(206, { etag, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(from));
  };
  gateway.script(`GET /v1/runs/${sampleRunId}/artifacts/big.bin`, breaking, resumed, breaking, breaking);
  const save = (output: string) => artifactsCommand(createClew({ url: gateway.url }), silent, sampleRunId, "big.bin", { output });
  const file = join(folder.path, "big.bin");
  expect(await save(file)).toBe(0);
  expect(bytes.equals(await readFile(file))).toBe(true);
  await expect(save(file)).rejects.toMatchObject({ reason: "ARTIFACT_DAMAGED" });
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});
