import { z } from "zod";

const named = z.looseObject({ name: z.string(), value: z.string() });

/** Playwright's storageState; what a later version adds passes. */
const browserState = z.looseObject({
  cookies: z.array(named),
  origins: z.array(z.looseObject({ origin: z.string(), localStorage: z.array(named).optional() })),
});

/** Whether a text is a browser state: Playwright's storageState in JSON. */
export function isBrowserState(text: string): boolean {
  try {
    return browserState.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
