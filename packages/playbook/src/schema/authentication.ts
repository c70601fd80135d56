import { z } from "zod";
import { candidateSchema } from "./candidate.ts";
import { address, name, sentence, text, timeoutMs } from "./texts.ts";

const successSchema = z
  .strictObject({
    url_contains: address.optional(),
    element_visible: candidateSchema.optional(),
    text_on_page: text.min(1).optional(),
    cookie_present: sentence.min(1).optional(),
    timeout_ms: timeoutMs(120_000).default(15_000),
  })
  .refine(
    (success) => Object.keys(success).some((key) => key !== "timeout_ms"),
    "must say what shows that the login worked, such as url_contains",
  );

/** How the playbook's pages are logged in to, and what shows that it worked. */
export const authenticationSchema = z.strictObject({
  mode: z.enum(["form_login", "manual", "none"]),
  login_url: address.optional(),
  success: successSchema.optional(),
});

/** What is kept of a login for later requests. */
export const captureSchema = z.strictObject({
  cookies: z
    .array(z.strictObject({ name: sentence.min(1), store_as: name, domain: sentence.min(1).optional() }))
    .max(50)
    .default([]),
  storage: z
    .array(z.strictObject({ key: sentence.min(1), store_as: name, scope: z.enum(["local", "session"]).default("local") }))
    .max(50)
    .default([]),
  static_headers: z.record(z.string(), text).default({}),
});

export type PlaybookAuthentication = z.infer<typeof authenticationSchema>;
export type PlaybookLoginSuccess = z.infer<typeof successSchema>;
export type PlaybookCapture = z.infer<typeof captureSchema>;
