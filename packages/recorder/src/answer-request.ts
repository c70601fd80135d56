import { access, readFile, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Fault } from "@clew/fault/fault";
import { importRecording } from "./devtools/import-recording.ts";
import type { RecorderRequest } from "./request.ts";
import type { RecordedPlaybook } from "./steps/write-playbook.ts";
import { wayToAWindow } from "./way-to-a-window.ts";

const mostRecordingBytes = 4 * 1024 * 1024;

/** What answering a request needs besides it. */
export interface AnswerRequestOptions {
  /** Ends a recording, which is written all the same. */
  readonly signal: AbortSignal;
  /** Called once there is something to record. */
  readonly onReady: () => void;
}

/** Records or imports a playbook and writes its file. Rejects with INVALID_REQUEST before anything is opened where the file is there already. */
export async function answerRequest(request: RecorderRequest, options: AnswerRequestOptions): Promise<RecordedPlaybook> {
  const { output, force } = request;
  if (!force && (await isThere(output)))
    throw new Fault("INVALID_REQUEST", { message: `${output} is there already; --force overwrites it.` });
  const id = idOf(output);
  const playbook =
    request.command === "record" ? await record(request.url, id, options) : importRecording(await readRecording(request.recording), { id });
  await writeFile(output, playbook.text, { flag: force ? "w" : "wx" });
  return playbook;
}

async function record(url: string, id: string, { signal, onReady }: AnswerRequestOptions): Promise<RecordedPlaybook> {
  // Only recording needs a browser, which is slow to load.
  const [{ readSettings }, { recordPlaybook }] = await Promise.all([import("./config.ts"), import("./record-playbook.ts")]);
  const settings = readSettings();
  if (!settings.hasDisplay)
    throw new Fault("INVALID_REQUEST", {
      message: `Recording opens a window, and there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set). ${wayToAWindow}`,
    });
  if (settings.executablePath === undefined)
    throw new Fault("BROWSER_START_FAILED", {
      message:
        "Recording opens a window, and there is no Chromium here that can show one (a headless shell cannot). Install chromium, or run npx playwright install chromium.",
    });
  return await recordPlaybook({ url, id, executablePath: settings.executablePath, signal, onReady });
}

async function readRecording(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new Fault("INVALID_REQUEST", { message: `There is no file ${file}.` });
  if (found.size > mostRecordingBytes) throw new Fault("INVALID_REQUEST", { message: `${file} is larger than 4 MiB.` });
  return await readFile(file, "utf8");
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** A playbook of the catalogue is called as its file. */
function idOf(file: string): string {
  const name = basename(file)
    .replace(/\.ya?ml$/i, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 100) || "recorded";
}
