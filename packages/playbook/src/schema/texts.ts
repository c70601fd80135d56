import { z } from "zod";
import { playbookLimits as limits } from "../limits.ts";

/** A sentence for people; may hold placeholders. */
export const sentence = z.string().max(limits.sentenceChars);

/** Any text; may hold placeholders unless its field says otherwise. */
export const text = z.string().max(limits.textChars);

/** An address, or a part of one; may hold placeholders. */
export const address = z.string().min(1).max(limits.urlChars);

/** The name of a value: of a parameter, a credential, or what a step stores. */
export const name = z
  .string()
  .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]{0,63}$/, "must be a name of letters, digits and _, not starting with a digit");

/** The id of a playbook. */
export const playbookId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "must be letters, digits, - and _, at most 100");

/** A time to wait, in milliseconds, from 50 to `most`. */
export const timeoutMs = (most: number) => z.number().int().min(50).max(most);

/** How long an action may take; what it usually takes unless given. */
export const actionTimeout = { timeout_ms: timeoutMs(60_000).optional() };
