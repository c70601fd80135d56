import { fileURLToPath } from "node:url";
import type { Server } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";

/** Lets clients such as grpcurl ask which services there are. */
export function addReflection(server: Server): void {
  const root = fileURLToPath(import.meta.resolve("@clew/proto/schema/buf.yaml")).replace(/buf\.yaml$/, "");
  const description = loadSync("clew/run/v1/run_service.proto", { includeDirs: [root], keepCase: true });
  new ReflectionService(description, { services: ["clew.run.v1.RunService"] }).addToServer(server);
}
