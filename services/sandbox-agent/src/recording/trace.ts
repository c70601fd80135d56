import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import type { BrowserContext } from "playwright";
import type { RunFiles } from "./run-files.ts";

/** A running trace. */
export interface Trace {
  /** Milliseconds since it began. */
  offsetMs(): number;
  /** Ends it and stores `trace.zip` among the run's files. Rejects when the browser is gone. */
  store(files: RunFiles): Promise<void>;
}

/** Starts Playwright's trace, with screenshots and snapshots. */
export async function startTrace(context: BrowserContext): Promise<Trace> {
  await context.tracing.start({ screenshots: true, snapshots: true, sources: false });
  const startedAt = performance.now();
  return {
    offsetMs: () => Math.round(performance.now() - startedAt),
    async store(files) {
      const { name, path } = files.place("trace.zip");
      await context.tracing.stop({ path });
      files.add({ name, kind: Artifact_Kind.TRACE, contentType: "application/zip" });
    },
  };
}
