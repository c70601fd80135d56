import { fileURLToPath } from "node:url";
import type { handleBidiStreamingCall, MethodDefinition, Server } from "@grpc/grpc-js";

/** A method as the library of reflection would serve it. */
interface Reflection {
  readonly method: MethodDefinition<unknown, unknown>;
  readonly answer: handleBidiStreamingCall<unknown, unknown>;
}

const versions = ["v1", "v1alpha"];

/** Lets clients such as grpcurl ask which services there are. What answers them is made for the first who asks: it takes as long as half of the service's start. */
export function addReflection(server: Server): void {
  let making: Promise<void> | undefined;
  const made = new Map<string, Reflection>();
  const make = async () => {
    for (const reflection of await makeReflections()) made.set(reflection.method.path, reflection);
  };
  for (const version of versions) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const ask: MethodDefinition<unknown, unknown> = {
      path,
      requestStream: true,
      responseStream: true,
      // No message is read before somebody answers.
      requestDeserialize: (bytes) => made.get(path)?.method.requestDeserialize(bytes),
      responseSerialize: (answer) => made.get(path)?.method.responseSerialize(answer) ?? Buffer.of(),
      requestSerialize: () => Buffer.of(),
      responseDeserialize: () => undefined,
    };
    const answer: handleBidiStreamingCall<unknown, unknown> = (call) => {
      making ??= make();
      making.then(
        () => made.get(path)?.answer(call),
        (error: Error) => call.destroy(error),
      );
    };
    server.addService({ ask }, { ask: answer });
  }
}

async function makeReflections(): Promise<readonly Reflection[]> {
  const [{ loadSync }, { ReflectionService }] = await Promise.all([import("@grpc/proto-loader"), import("@grpc/reflection")]);
  const root = fileURLToPath(import.meta.resolve("@clew/proto/schema/buf.yaml")).replace(/buf\.yaml$/, "");
  const description = loadSync("clew/run/v1/run_service.proto", { includeDirs: [root], keepCase: true });
  const reflections: Reflection[] = [];
  new ReflectionService(description, { services: ["clew.run.v1.RunService"] }).addToServer({
    addService(service, implementation) {
      for (const [name, method] of Object.entries(service)) {
        reflections.push({ method, answer: implementation[name] as handleBidiStreamingCall<unknown, unknown> });
      }
    },
  });
  return reflections;
}
