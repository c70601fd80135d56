import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { PageOptions } from "./browser-session.ts";

/** How a page presents itself where a run does not say. */
export const usualPage = { width: 1280, height: 720, isTraced: true } as const satisfies PageOptions;

/** Reads from a RunSpec how its page presents itself. */
export function pageOptions({ viewport, browser, recording }: RunSpec): PageOptions {
  return {
    width: viewport?.width ?? usualPage.width,
    height: viewport?.height ?? usualPage.height,
    locale: browser?.locale,
    timezone: browser?.timezone,
    colorScheme: browser?.colorScheme === "light" || browser?.colorScheme === "dark" ? browser.colorScheme : undefined,
    extraHttpHeaders: browser?.extraHttpHeaders,
    isTraced: recording?.trace !== false,
  };
}
