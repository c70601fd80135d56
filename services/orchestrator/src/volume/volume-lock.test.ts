import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { lockVolume } from "./volume-lock.ts";

const never = () => {
  throw new Error("the lock was lost");
};

/** Takes the lock in another process and keeps it until that is killed. */
async function holdElsewhere(volume: string) {
  const module = JSON.stringify(fileURLToPath(new URL("./volume-lock.ts", import.meta.url)));
  const script = `const { lockVolume } = await import(${module}); await lockVolume(${JSON.stringify(volume)}, { onLost() {} }); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

it("refuses a volume that another process holds, naming that process at once and in the end", async () => {
  await using folder = await tempFolder();
  const volume = folder.path;
  const holder = await holdElsewhere(volume);
  try {
    const waitedFor: string[] = [];
    const taking = lockVolume(volume, { waitMs: 600, onLost: never, onWait: (pid) => waitedFor.push(pid) });
    await expect(taking).rejects.toThrow(`process ${holder.pid}`);
    expect(waitedFor).toEqual([String(holder.pid)]);
  } finally {
    holder.kill("SIGKILL");
  }
});

it("waits 30 seconds for a holder that may be handing over, and not longer", async () => {
  await using folder = await tempFolder();
  const holder = await holdElsewhere(folder.path);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    let refused = false;
    const taking = lockVolume(folder.path, { onLost: never }).catch((error: unknown) => {
      refused = true;
      throw error;
    });
    taking.catch(() => {});
    await vi.advanceTimersByTimeAsync(29_900);
    expect(refused).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    vi.useRealTimers();
    await expect(taking).rejects.toThrow(`process ${holder.pid}`);
  } finally {
    vi.useRealTimers();
    holder.kill("SIGKILL");
  }
});

it("takes a volume over from a process that was killed", async () => {
  await using folder = await tempFolder();
  const volume = folder.path;
  const holder = await holdElsewhere(volume);
  const taken = lockVolume(volume, { waitMs: 10_000, onLost: never });
  holder.kill("SIGKILL");
  using _ = await taken;
});

it("says so when the lock's file is replaced under it", async () => {
  await using folder = await tempFolder();
  const volume = folder.path;
  const lost = Promise.withResolvers<void>();
  using _ = await lockVolume(volume, { onLost: lost.resolve });
  await writeFile(join(volume, "other"), "");
  await rename(join(volume, "other"), join(volume, "volume.lock"));
  await lost.promise;
});
