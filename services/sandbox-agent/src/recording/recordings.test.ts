import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KnownSecrets } from "@clew/playbook/known-secrets";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, test } from "vitest";
import { ReportInMemory } from "../work.fixture.ts";
import { manifestOf } from "./manifest.ts";
import { Recordings } from "./recordings.ts";
import { RunFiles } from "./run-files.ts";

test("announces every file that can be read, and warns of each that cannot", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clew-recordings-"));
  try {
    const report = new ReportInMemory();
    const files = await RunFiles.open(folder, 1);
    for (const name of ["a.txt", "b.txt", "c.txt", "d.txt"])
      await files.write({ name, kind: Artifact_Kind.DATA, contentType: "text/plain" }, `This is ${name}`);
    await Promise.all(["a.txt", "c.txt"].map((name) => rm(join(folder, name))));
    await new Recordings({ files, report, secrets: new KnownSecrets([]), workFolder: folder }).announce();
    expect(report.kinds).toEqual(["warningRaised", "artifactReady", "warningRaised", "artifactReady", "artifactReady"]);
    expect(report.all("warningRaised")).toMatchObject([
      { reason: "ARTIFACT_LOST", message: "a.txt could not be read." },
      { reason: "ARTIFACT_LOST", message: "c.txt could not be read." },
    ]);
    const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(report.all("artifactReady")).toMatchObject([
      { name: "b.txt", sizeBytes: 13, sha256: hashOf("This is b.txt") },
      { name: "d.txt", sizeBytes: 13, sha256: hashOf("This is d.txt") },
      { name: "manifest.json" },
    ]);
    const listed = (name: string) => ({ name, kind: "DATA", contentType: "text/plain", sizeBytes: 13, sha256: hashOf(`This is ${name}`) });
    expect(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8"))).toEqual({ artifacts: [listed("b.txt"), listed("d.txt")] });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the manifest says which videos are missing, and why", () => {
  const missing = [{ name: "video-11.webm", reason: "at most 10 are made" }];
  expect(JSON.parse(manifestOf([], {}, missing))).toEqual({ artifacts: [], missing });
  expect(JSON.parse(manifestOf([], {}, []))).toEqual({ artifacts: [] });
});
