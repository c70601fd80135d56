import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { claimSchema } from "./claim.ts";

const absolutePath = z.string().startsWith("/");

const wardenSettings = z.strictObject({
  /** The attempt it is for; one that is for nobody yet waits to be claimed. */
  claim: claimSchema.optional(),
  /** Milliseconds it may wait for that, from now; then the warden ends it. */
  mostWaitMs: z.int().min(1),
  /** What the sandbox's processes are known by, in their environment. */
  sandboxId: z.string().min(1),
  /** The sandbox's own folder. */
  workFolder: absolutePath,
  /** Where the warden listens, and what both ends of its channel prove that they hold. */
  wardenSocket: absolutePath,
  wardenSecret: z.string().min(16),
  /** The same of the agent. The agent is never told the warden's. */
  agentSocket: absolutePath,
  agentSecret: z.string().min(16),
  /** The sandbox's way out, which the warden opens beside the agent's socket. */
  egressSocket: absolutePath,
  /** The Node.js that runs the agent, and the agent. */
  node: absolutePath,
  agentPath: absolutePath,
  /** The agent's search path. */
  path: z.string(),
  chromium: z.strictObject({ executablePath: z.string().min(1), sandbox: z.boolean() }),
  headless: z.boolean(),
  /** How it is kept apart from the machine. */
  isolation: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("process") }),
    z.strictObject({
      kind: z.literal("bubblewrap"),
      /** What the agent may read beside the system's programs: its own, and the browser. */
      readable: z.array(absolutePath),
    }),
  ]),
  /** The control group that is to be its own; without it, what it takes is only looked at. */
  controlGroup: z.strictObject({ version: z.literal([1, 2]), folders: z.array(absolutePath).min(1) }).optional(),
  /** What the sandbox may take of the machine. */
  limits: z.strictObject({ memoryBytes: z.int().min(1), processes: z.int().min(1), diskBytes: z.int().min(1) }),
  /** Milliseconds the agent has to be ready. */
  startTimeoutMs: z.int().min(1),
  /** Milliseconds without an orchestrator after which the sandbox ends. */
  graceMs: z.int().min(1),
  logLevel: z.string().min(1),
});

/** What an orchestrator tells a warden at its start. */
export type WardenSettings = z.infer<typeof wardenSettings>;

/** Reads the settings, JSON up to the end of the input: they hold secrets, which neither arguments nor environment may. */
export async function readSettings(input: Readable): Promise<WardenSettings> {
  return wardenSettings.parse(JSON.parse(await text(input)));
}
