import { z } from "zod";

const common = {
  /** The file to write. */
  output: z.string().min(1),
  /** Whether a file that is there may be overwritten. */
  force: z.boolean().default(false),
  /** Whether the answer is one JSON object. */
  json: z.boolean().default(false),
};

/** What the command line asks of the recorder. */
export const requestSchema = z.discriminatedUnion("command", [
  z.strictObject({
    command: z.literal("record"),
    url: z.url({ protocol: /^(?:https?|file)$/, error: "must be an address such as https://shop.example" }),
    ...common,
  }),
  z.strictObject({ command: z.literal("import"), recording: z.string().min(1), ...common }),
]);

/** What the command line asks of the recorder. */
export type RecorderRequest = z.infer<typeof requestSchema>;
