import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { toRunId } from "../runs/run-id.ts";
import { Tombstones } from "./tombstones.ts";

const runId = toRunId("01930000-0000-7000-8000-0000000000aa");
const left = { tenant: "acme", why: "deleted" } as const;

it("says that a folder could not be removed, and removes it at the next start, whatever an earlier removal left", async () => {
  await using volume = await tempFolder();
  const tombstones = await Tombstones.open(volume.path);
  const folder = join(volume.path, "runs", runId);
  await mkdir(folder, { recursive: true });
  const trash = join(volume.path, "trash");
  await rm(trash, { recursive: true });
  await writeFile(trash, "in the way");
  await tombstones.bury(runId, left);
  await expect(tombstones.clear(runId, folder)).rejects.toMatchObject({ reason: "VOLUME_FAILED" });
  await rm(trash);
  await mkdir(join(trash, runId), { recursive: true });
  await writeFile(join(trash, runId, "journal"), "half");
  const next = await Tombstones.open(volume.path);
  expect(next.of(runId)).toEqual(left);
  expect([await readdir(trash), await readdir(join(volume.path, "runs"))]).toEqual([[], []]);
});

it("has nothing to say of a folder that is gone already", async () => {
  await using volume = await tempFolder();
  const tombstones = await Tombstones.open(volume.path);
  await tombstones.bury(runId, left);
  await tombstones.clear(runId, join(volume.path, "runs", runId));
  expect(tombstones.of(runId)).toEqual(left);
});

it("ends a deletion that was cut short with half a folder in the trash, and leaves what is not buried", async () => {
  await using volume = await tempFolder();
  const tombstones = await Tombstones.open(volume.path);
  await tombstones.bury(runId, left);
  const other = toRunId("01930000-0000-7000-8000-0000000000bb");
  await mkdir(join(volume.path, "trash", runId), { recursive: true });
  await mkdir(join(volume.path, "runs", other), { recursive: true });
  await Tombstones.open(volume.path);
  expect([await readdir(join(volume.path, "trash")), await readdir(join(volume.path, "runs"))]).toEqual([[], [other]]);
});
