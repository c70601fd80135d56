import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { KnownSecrets } from "@clew/playbook/known-secrets";
import { Artifact_Kind, type RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { WarningRaised } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { ArtifactReady } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_event";
import { abortable } from "@clew/streams/abortable";
import type { ActivePage } from "../browser/active-page.ts";
import { LastLooks } from "../browser/last-looks.ts";
import { pageOptions } from "../browser/page-options.ts";
import type { Report } from "../report.ts";
import { startBrowserLogs } from "./browser-logs.ts";
import { manifestOf } from "./manifest.ts";
import { recordingLimits } from "./recording-limits.ts";
import type { RunFiles } from "./run-files.ts";
import { storeScreenshot } from "./screenshot.ts";
import { Trace } from "./trace.ts";
import { Videos } from "./video.ts";

/** Milliseconds each recording may take to be stored. */
const storeMs = 25_000;

/** Milliseconds a rest may take; what lasts longer goes on beside the actions. */
const restMs = 5_000;

/** What recordings are made with. */
export interface RecordingsOptions {
  readonly files: RunFiles;
  readonly report: Report;
  /** What no recording may hold. */
  readonly secrets: KnownSecrets;
  /** The sandbox's folder. */
  readonly workFolder: string;
  /** Which run's stay in the sandbox it is; 1 unless given. */
  readonly stay?: number;
  /** Sees to it that videos can be made; answers whether they can. Without it, what Playwright finds is used. */
  readonly provideFfmpeg?: (() => Promise<boolean>) | undefined;
}

/** Where in the recordings something happened, in milliseconds; absent where there is no such recording. */
export interface RecordingOffsets {
  readonly traceOffsetMs?: number;
  readonly videoOffsetMs?: number;
}

/** What is recorded of a run, kept on every ending. What cannot be kept is a warning. */
export class Recordings {
  readonly #options: RecordingsOptions;
  #trace: Trace | undefined;
  #videos: Videos | undefined;
  #logs: Disposable | undefined;
  #active: ActivePage | undefined;
  #takesPictures = false;
  #pictures = 0;

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  /** The files it leaves behind. */
  get files(): RunFiles {
    return this.#options.files;
  }

  /** Starts what a spec wants recorded; what cannot be started is a warning. */
  async begin(active: ActivePage, spec: RunSpec): Promise<void> {
    const { files, secrets, workFolder, stay = 1, provideFfmpeg = async () => true } = this.#options;
    // What an earlier stay still puts away behind is not in the way of this one.
    const folder = join(workFolder, stay === 1 ? "recording" : `recording-${stay}`);
    const { recording } = spec;
    this.#active = active;
    this.#takesPictures = recording?.screenshots === true;
    if (recording?.logs !== false) {
      this.#logs = await this.#start("LOGS_LOST", "No logs are kept", async () => startBrowserLogs(active.context, files, secrets.redact));
    }
    if (recording?.video === true) {
      const rawFolder = join(workFolder, "artifacts");
      const ways = "apt-get install ffmpeg, or npx playwright install ffmpeg, on the machine of the sandboxes";
      const needed = `No video is made, though recording.video asks for it: ffmpeg was not found or did not start (${ways})`;
      this.#videos = await this.#start("VIDEO_UNAVAILABLE", needed, async () => {
        if (!(await provideFfmpeg())) throw new Error("There is no ffmpeg.");
        return await Videos.start(active.context, { files, folder, rawFolder, viewport: pageOptions(spec) });
      });
    }
    if (recording?.trace !== false) {
      this.#trace = await this.#start("TRACE_LOST", "No trace is kept", () => Trace.start(active.context, { files, folder, secrets }));
    }
  }

  /** Answers where in the trace, and in the active page's video, it is now. */
  offsets(): RecordingOffsets {
    const videoOffsetMs = this.#active?.isOpen ? this.#videos?.offsetMs(this.#active.page) : undefined;
    return {
      ...(this.#trace && { traceOffsetMs: this.#trace.offsetMs() }),
      ...(videoOffsetMs !== undefined && { videoOffsetMs }),
    };
  }

  /** Is called between actions: recordings put away what they have by then, for 5 s at most. Never rejects. */
  async rest(signal: AbortSignal): Promise<void> {
    try {
      await abortable(abortable(this.#trace?.rest() ?? Promise.resolve(), AbortSignal.timeout(restMs)), signal);
    } catch {
      // The browser is gone, or the trace's end will tell.
    }
  }

  /** Takes a picture of the active page after an action, where pictures are wanted; answers as `picture` does. */
  async pictureOfAction(actionId: string, signal: AbortSignal): Promise<string | undefined> {
    return this.#takesPictures ? await this.picture(`action-${actionId}.jpg`, signal) : undefined;
  }

  /**
   * Takes a picture of the active page; answers the name it is stored under, or nothing where there is none to be had, or there were 300.
   *
   * @param looks What the page may leave unanswered; 5 s unless given.
   */
  async picture(name: string, signal: AbortSignal, looks = new LastLooks()): Promise<string | undefined> {
    if (!this.#active?.isOpen || ++this.#pictures > recordingLimits.screenshots) return undefined;
    const { files, secrets } = this.#options;
    return await storeScreenshot(this.#active.page, { name, files, secrets: secrets.values, signal, looks });
  }

  /** Ends what is recorded and stores it. Never rejects for a recording that is lost. */
  async store(): Promise<void> {
    this.#logs?.[Symbol.dispose]();
    await this.#keep("VIDEO", this.#videos);
    await this.#keep("TRACE", this.#trace);
    if (this.#pictures > recordingLimits.screenshots)
      await this.#warn("SCREENSHOTS_OMITTED", `No more than ${recordingLimits.screenshots} screenshots were kept.`);
  }

  /** Lets go of a page that goes on without the run. Rejects where a recording of it may go on too. */
  async leave(): Promise<void> {
    await this.#trace?.leave();
  }

  /** Announces every file the run left behind, and the list of them; for one that cannot be kept there is a warning, and the others follow. */
  async announce(): Promise<void> {
    const { files } = this.#options;
    const announced: ArtifactReady[] = [];
    let bytes = 0;
    for (const file of files.all) {
      const ready = await files.describe(file).catch(Fault.from);
      if (ready instanceof Fault) {
        await this.#warn("ARTIFACT_LOST", `${file.name} could not be read.`, ready.reason);
        continue;
      }
      const isTooMuch = bytes + ready.sizeBytes > recordingLimits.bytes || announced.length >= recordingLimits.files;
      if (isTooMuch || ready.sizeBytes > recordingLimits.fileBytes) {
        await this.#warn("ARTIFACT_OMITTED", `${file.name} was left out: the run's files would be too large, or too many.`);
        continue;
      }
      bytes += ready.sizeBytes;
      announced.push(ready);
      await this.#announceOne(ready);
    }
    if (files.refused > 0)
      await this.#warn(
        "ARTIFACT_OMITTED",
        `${files.refused} more files were not written: the run's files would be too large, or too many.`,
      );
    if (announced.length === 0) return;
    const startTimes = { ...(this.#trace && { "trace.zip": this.#trace.startTime }), ...this.#videos?.startTimes };
    const manifest = { name: "manifest.json", kind: Artifact_Kind.DATA, contentType: "application/json" };
    const placed = Object.fromEntries(Object.entries(startTimes).map(([name, time]) => [files.place(name).name, time]));
    const missing = (this.#videos?.missing ?? []).map((video) => ({ ...video, name: files.place(video.name).name }));
    const name = await files.writeLast(manifest, manifestOf(announced, placed, missing));
    await this.#announceOne(await files.describe({ ...manifest, name }));
  }

  /** Starts one recording; answers nothing where it does not start, with a warning. */
  async #start<T>(reason: string, message: string, begin: () => Promise<T>): Promise<T | undefined> {
    try {
      return await begin();
    } catch (thrown) {
      await this.#warn(reason, `${message}.`, Fault.from(thrown).reason);
      return undefined;
    }
  }

  async #keep(what: "TRACE" | "VIDEO", recording: { store(): Promise<boolean> } | undefined): Promise<void> {
    if (recording === undefined) return;
    const word = what.toLowerCase();
    try {
      if (!(await abortable(recording.store(), AbortSignal.timeout(storeMs))))
        await this.#warn(`${what}_CUT`, `A part of the ${word} is missing.`);
    } catch (thrown) {
      await this.#warn(`${what}_LOST`, `The ${word} could not be stored.`, Fault.from(thrown).reason);
    }
  }

  async #announceOne(ready: ArtifactReady): Promise<void> {
    await this.#options.report.say({ summary: `Kept ${ready.name}.`, payload: { $case: "artifactReady", value: ready } });
  }

  async #warn(reason: string, message: string, cause?: string): Promise<void> {
    const value = WarningRaised.fromPartial({ reason, message, ...(cause && { details: { cause } }) });
    await this.#options.report.say({ summary: message, payload: { $case: "warningRaised", value } });
  }
}
