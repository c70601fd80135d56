import { Fault } from "@clew/fault/fault";
import type { BrowserContext } from "playwright";
import { z } from "zod";
import { timeouts } from "../actions/timeouts.ts";
import { within } from "../actions/within.ts";

const mostBytes = 1024 * 1024;

const browserStateSchema = z.object({
  cookies: z
    .array(
      z.object({
        name: z.string(),
        value: z.string(),
        domain: z.string(),
        path: z.string().default("/"),
        expires: z.number().default(-1),
        httpOnly: z.boolean().default(false),
        secure: z.boolean().default(false),
        sameSite: z.enum(["Strict", "Lax", "None"]).default("Lax"),
      }),
    )
    .max(3_000)
    .default([]),
  origins: z
    .array(
      z.object({
        origin: z.string(),
        localStorage: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
      }),
    )
    .max(1_000)
    .default([]),
});

/** A login as a browser keeps it: cookies, and the local storage of each origin. Playwright's storageState. */
export type BrowserState = z.infer<typeof browserStateSchema>;

/** Reads a browser state of at most 1 MiB; answers nothing where the text is none. */
export function parseBrowserState(text: string): BrowserState | undefined {
  if (Buffer.byteLength(text) > mostBytes) return undefined;
  try {
    return browserStateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Gives a context another login than it has. Rejects with AUTHENTICATION_FAILED where the browser does not take it. */
export async function putBrowserState(context: BrowserContext, state: BrowserState, signal: AbortSignal): Promise<void> {
  await within(context.setStorageState(state), timeouts.action, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new Fault("AUTHENTICATION_FAILED", { message: "The browser did not take the saved login that was given.", cause });
  });
}

/** Writes down a context's login. Rejects with ACTION_FAILED where it is larger than 1 MiB. */
export async function readBrowserState(context: BrowserContext, signal: AbortSignal): Promise<string> {
  const text = JSON.stringify(await within(context.storageState(), timeouts.action, signal));
  if (Buffer.byteLength(text) > mostBytes)
    throw new Fault("ACTION_FAILED", { message: "The login is larger than 1 MiB and cannot be kept." });
  return text;
}
