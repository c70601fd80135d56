import { text } from "node:stream/consumers";
import { z } from "zod";
import { proveIsolation } from "./isolation/prove-isolation.ts";

const proof = z.strictObject({
  node: z.string(),
  path: z.string(),
  readable: z.array(z.string()),
  hidden: z.record(z.string(), z.string()),
});

// What is wrong, or nothing.
process.stdout.write((await proveIsolation(proof.parse(JSON.parse(await text(process.stdin))))) ?? "");
