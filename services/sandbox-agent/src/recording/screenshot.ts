import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { Page } from "playwright";
import { timeouts } from "../actions/timeouts.ts";
import type { RunFiles } from "./run-files.ts";

/** Takes a JPEG of what a page shows and stores it; answers its name, or nothing when there is no picture to be had. */
export async function storeScreenshot(page: Page, name: string, files: RunFiles, signal: AbortSignal): Promise<string | undefined> {
  try {
    const picture = await page.screenshot({ type: "jpeg", quality: 55, timeout: timeouts.screenshot, signal });
    return await files.write({ name, kind: Artifact_Kind.SCREENSHOT, contentType: "image/jpeg" }, picture);
  } catch {
    return undefined;
  }
}
