import { z } from "zod";
import { address, sentence, timeoutMs } from "./texts.ts";

/** RFC 9110, sections 5.1 and 5.5. */
const headers = z
  .record(z.string(), z.string().regex(/^[^\r\n\0]*$/, "must be one line"))
  .refine(
    (given) => Object.keys(given).every((name) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name)),
    "must have names without blanks, of letters, digits and -",
  );

/** One HTTP request, sent with the browser's own cookies. Every text in it may hold placeholders. */
export const requestSchema = z
  .strictObject({
    method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
    url: address,
    query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    headers: headers.optional(),
    cookies: z.record(z.string(), z.string()).optional(),
    json: z.json().optional(),
    form: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    timeout_ms: timeoutMs(60_000).default(10_000),
    response: z
      .strictObject({ mode: z.enum(["text", "json", "json_path"]).default("text"), json_path: sentence.min(1).optional() })
      .refine(
        ({ mode, json_path: path }) => (mode === "json_path") === (path !== undefined),
        "must have json_path exactly where its mode is json_path",
      )
      .default({ mode: "text" }),
  })
  .refine(({ json, form }) => json === undefined || form === undefined, "must not have both json and form");

export type PlaybookRequest = z.infer<typeof requestSchema>;
