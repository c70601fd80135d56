import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary, toJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Run } from "@clew/proto/grpc/clew/run/v1/run";

/**
 * Writes a Run as every door does: by the rules of Protobuf's JSON, implicit fields too. What writes it there, generated for the
 * doors, has no place beside the classes of this process; the descriptors of the contract say the same.
 */
export async function formatRun(run: Run): Promise<string> {
  const descriptors = await readFile(fileURLToPath(import.meta.resolve("@clew/proto/schema/gen/run.binpb")));
  const schema = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors)).getMessage("clew.run.v1.Run");
  if (schema === undefined) throw new Error("The contract's descriptors name no Run.");
  return toJsonString(schema, fromBinary(schema, Run.encode(run).finish()), { alwaysEmitImplicit: true });
}
