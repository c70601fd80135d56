import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Fault } from "@clew/client";

/** What the recorder is asked, in its words. */
export type RecorderWish =
  | { readonly command: "record"; readonly url: string; readonly output: string; readonly force?: boolean; readonly json?: boolean }
  | { readonly command: "import"; readonly recording: string; readonly output: string; readonly force?: boolean; readonly json?: boolean };

/** Has the recorder do its work and speak for itself; answers its exit code. It is a process of its own, since only a checkout of the project has it. */
export async function recorderCommand(wish: RecorderWish): Promise<number> {
  const child = spawn(process.execPath, [recorderPath(), JSON.stringify(wish)], { stdio: "inherit" });
  // Ctrl-C reaches both: the recorder ends the recording and writes it, and this waits for it.
  const wait = () => {};
  const end = () => void child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", end);
  try {
    const [code]: (number | null)[] = await once(child, "close");
    return code ?? 1;
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", end);
  }
}

function recorderPath(): string {
  try {
    return fileURLToPath(import.meta.resolve("@clew/recorder/main"));
  } catch {
    throw new Fault("INVALID_REQUEST", {
      message: "Recording and importing need a checkout of the project: the recorder and its browser are not among what is installed.",
    });
  }
}
