import { createHash } from "node:crypto";
import { z } from "zod";

/** The first line of a cassette; what else it says is for whoever made it. */
export const cassetteHeader = z.looseObject({ cassette: z.literal(1) });

/** One exchange with a model, as a cassette holds it. */
export const cassetteExchange = z.strictObject({
  /** As `provider:name`. */
  model: z.string(),
  purpose: z.string(),
  /** The path it was sent to, below the relay's own. */
  path: z.string(),
  /** What was asked, with what is random told apart by its place only. */
  request: z.unknown(),
  response: z.strictObject({ status: z.int().min(100).max(599), contentType: z.string(), body: z.string() }),
});

export type CassetteExchange = z.infer<typeof cassetteExchange>;

/** What tells requests apart. */
export function requestKey({ path, request }: Pick<CassetteExchange, "path" | "request">): string {
  return createHash("sha256")
    .update(`${path}\n${JSON.stringify(request)}`)
    .digest("hex");
}
