import type { Logger } from "./logger.ts";

/**
 * Ends this process, `ms` milliseconds from now, where something keeps it open until then, and logs what. For a process whose state is whole at every
 * instant, called as it begins to close.
 */
export function boundClosing(logger: Pick<Logger, "error">, ms: number): void {
  setTimeout(() => {
    logger.error({ open: process.getActiveResourcesInfo() }, "closing took too long and was cut short");
    process.exit();
  }, ms).unref();
}
