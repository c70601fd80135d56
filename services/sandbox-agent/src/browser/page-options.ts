import type { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import type { PageOptions } from "./browser-session.ts";

const defaultViewport = { width: 1280, height: 720 };

/** Reads from a RunSpec how its page presents itself. */
export function pageOptions({ viewport, browser }: RunSpec): PageOptions {
  return {
    width: viewport?.width ?? defaultViewport.width,
    height: viewport?.height ?? defaultViewport.height,
    locale: browser?.locale,
    timezone: browser?.timezone,
    colorScheme: browser?.colorScheme === "light" || browser?.colorScheme === "dark" ? browser.colorScheme : undefined,
    extraHttpHeaders: browser?.extraHttpHeaders,
  };
}
