import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const mebibyte = 2 ** 20;

/** What takes more of the machine than a sandbox may, bounded so that a test may let it. */
export const bombs: Readonly<Record<string, (workFolder: string) => Promise<void>>> = {
  processes: async () => {
    for (let count = 0; count < 300; count++) spawn("sleep", ["30"], { stdio: "ignore" }).on("error", () => {});
    await setTimeout(30_000);
  },
  memory: async () => {
    const taken: Buffer[] = [];
    for (let count = 0; count < 16; count++) {
      taken.push(Buffer.alloc(32 * mebibyte, count + 1));
      await setTimeout(50);
    }
    await setTimeout(30_000, taken);
  },
  disk: async (workFolder) => {
    for (let files = 0; files < 4; files++) {
      await using file = await open(join(workFolder, `filler-${files}`), "w");
      for (let count = 0; count < 48; count++) await file.write(Buffer.alloc(mebibyte, 1));
    }
    await setTimeout(30_000);
  },
};
