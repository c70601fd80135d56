import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { startService, withoutSettings } from "../../scripts/services.ts";
import { mountSmallVolume, type SmallVolume } from "../support/small-volume.ts";

const clew = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

const environment = ({ folder }: SmallVolume) => ({
  ...withoutSettings(process.env),
  CLEW_VOLUME: folder,
  CLEW_SANDBOX: "process",
  CLEW_ORCHESTRATOR_ADDRESS: "127.0.0.1:0",
  CLEW_CHROMIUM: process.execPath,
});

/** Starts an orchestrator on a volume, and stops it again. */
async function startAndStop(small: SmallVolume): Promise<void> {
  await using _ = await startService("orchestrator", environment(small));
}

async function doctor(small: SmallVolume): Promise<string> {
  const asking = promisify(execFile)(process.execPath, [clew, "doctor"], { env: environment(small) });
  return asking.then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
  );
}

it("refuses a read-only volume in words, at the start and in clew doctor, and takes it once it is writable", async (context) => {
  await using small = await mountSmallVolume(context, 64);
  await startAndStop(small);
  await small.remount("ro");
  await expect(startAndStop(small)).rejects.toThrow(/CLEW_VOLUME: the volume is read-only; mount it writable/);
  expect(await doctor(small)).toMatch(/BAD +volume .*read-only.* → mount it writable/);
  await small.remount("rw");
  await startAndStop(small);
  expect(await doctor(small)).toMatch(/ok +volume /);
});

it("starts on a volume that was filled meanwhile, from its reserve, and refuses one that has not even that", async (context) => {
  await using small = await mountSmallVolume(context, 64);
  await startAndStop(small);
  await small.fill();
  expect(await small.free()).toBeLessThan(4_096);
  expect(await doctor(small)).toMatch(/volume .*full/);
  await startAndStop(small);
  expect(await small.free()).toBeGreaterThan(8 * 1024 * 1024);
  await small.fill();
  await expect(startAndStop(small)).rejects.toThrow(/CLEW_VOLUME: the volume is full/);
});
