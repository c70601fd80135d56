import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { Locator, Page } from "playwright";
import { timeouts } from "../actions/timeouts.ts";
import { capture } from "../browser/capture.ts";
import type { LastLooks } from "../browser/last-looks.ts";
import { untraced } from "../browser/untraced.ts";
import type { RunFiles } from "./run-files.ts";

const fields = "input, textarea, select, [contenteditable]";

/** What a picture of a page is taken with. */
export interface ScreenshotOptions {
  /** The picture's name among the run's files. */
  readonly name: string;
  readonly files: RunFiles;
  /** Texts that no picture shows. Where there are any, fields are covered too: what is typed there may be one in another form. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
  /** What the page may leave unanswered. */
  readonly looks: LastLooks;
}

/** Takes a JPEG of what a page shows and stores it; answers its name, or nothing when there is no picture to be had. */
export async function storeScreenshot(page: Page, { name, files, secrets, signal, looks }: ScreenshotOptions): Promise<string | undefined> {
  try {
    const how = {
      type: "jpeg",
      quality: 55,
      mask: covered(page, secrets),
      maskColor: "#808080",
    } as const;
    const take = (options: { readonly timeout: number; readonly signal: AbortSignal }) => capture(page, { ...how, ...options });
    const picture = await looks.ask((options) => untraced(page, () => take(options)), signal, timeouts.screenshot);
    return await files.write({ name, kind: Artifact_Kind.SCREENSHOT, contentType: "image/jpeg" }, picture);
  } catch {
    return undefined;
  }
}

/** Finds what a picture must not show, in all frames: where there are secrets, every field, and what shows one as text. */
export function covered(page: Page, secrets: readonly string[]): Locator[] {
  if (secrets.length === 0) return [];
  return page.frames().flatMap((frame) => [frame.locator(fields), ...secrets.map((secret) => frame.getByText(secret))]);
}
