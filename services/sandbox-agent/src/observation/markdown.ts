import { Worker } from "node:worker_threads";
import { linkSignals } from "@clew/streams/linked-signal";
import type { MarkdownSource } from "./convert-markup.ts";

/** A page can be made to take for ever; then it is read as plain text. */
const mostMs = 10_000;
const mostMegabytes = 512;

/**
 * Makes markdown of each part, in a thread of its own: what a page does to the parser, the rest of the agent does not feel. Answers nothing where it does
 * not come to an end within 10 s or 512 MiB. Rejects with the signal's reason.
 */
export async function toMarkdown(source: MarkdownSource, signal: AbortSignal): Promise<readonly string[] | undefined> {
  signal.throwIfAborted();
  using link = linkSignals(signal);
  // By the name of the package, which leads there from a bundle too.
  const worker = new Worker(new URL(import.meta.resolve("@clew/sandbox-agent/observation/markdown-worker")), {
    workerData: source,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: mostMegabytes, maxYoungGenerationSizeMb: 64 },
  });
  const timer = setTimeout(() => link.abort(), mostMs);
  try {
    return await new Promise<readonly string[] | undefined>((resolve) => {
      worker.once("message", (converted: readonly string[]) => resolve(converted));
      worker.once("error", () => resolve(undefined));
      worker.once("exit", () => resolve(undefined));
      link.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
    signal.throwIfAborted();
  }
}

/** Cuts markdown at the end of a paragraph, and says how much is missing. What was masked must have been masked before. */
export function cutMarkdown(markdown: string, mostChars: number): string {
  if (markdown.length <= mostChars) return markdown;
  const room = Math.max(0, mostChars - 40);
  const end = markdown.lastIndexOf("\n\n", room);
  const kept = markdown.slice(0, end > room / 2 ? end : room);
  return `${kept}\n\n[… ${markdown.length - kept.length} characters more]`;
}
