import { delimiter } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";

const agentSettings = z.strictObject({
  /** The sandbox's own folder: outbox, files, the browser's profile. */
  workFolder: z.string().startsWith("/"),
  /** What the sandbox's processes are known by, in their environment. */
  sandboxId: z.string().min(1),
  /** Where the agent listens. */
  socketPath: z.string().startsWith("/"),
  /** Where the browser keeps what is temporary, and binds a socket of its own: a folder with a short path. */
  tempFolder: z.string().startsWith("/"),
  /** What both ends of the agent's channel prove that they hold. */
  secret: z.string().min(16),
  /** The way out, where the warden listens: there is no other. */
  egressSocket: z.string().startsWith("/"),
  /** Whether it is nobody's yet. */
  isWaiting: z.boolean(),
  /** The Chromium to run. */
  chromiumPath: z.string().min(1),
  /** Whether Chromium's own sandbox is on. */
  chromiumSandbox: z.boolean(),
  headless: z.boolean(),
  /** Milliseconds without an orchestrator after which the agent ends itself. */
  graceMs: z.int().min(1),
  logLevel: z.string().min(1),
});

/** What the warden tells the agent at its start. */
export type AgentSettings = z.infer<typeof agentSettings>;

/** The settings, and the moment the warden is gone. */
export interface FromWarden {
  readonly settings: AgentSettings;
  /** Resolves when the input ends: only the warden's death, or its wish, does that. */
  readonly closed: Promise<void>;
}

/** The folders that programs are looked for in. */
export function readSearchPath(): readonly string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

const maxLineBytes = 64 * 1024;

/**
 * Reads the settings, one line of JSON, from the warden's pipe: they hold a secret, which neither arguments nor environment may.
 *
 * @throws Error when the input ends early, or the line is not what it must be; its message names no value.
 */
export async function readSettings(input: Readable): Promise<FromWarden> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  input
    .once("close", resolve)
    .once("end", resolve)
    .once("error", () => resolve());
  const line = await firstLine(input);
  return { settings: agentSettings.parse(JSON.parse(line)), closed };
}

function firstLine(input: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    input.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > maxLineBytes) reject(new Error("The settings are too long."));
    });
    input.once("end", () => reject(new Error("The input ended before the settings did.")));
  });
}
