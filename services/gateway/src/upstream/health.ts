import { create, createFileRegistry, type DescMethodUnary } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  MethodDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { isUnary } from "./method-kind.ts";
import type { Upstream } from "./upstream.ts";

const serving = 1;

/** Asks the orchestrator's `grpc.health.v1.Health` whether it serves. Rejects when it does not answer within `timeoutMs`. */
export async function isServing(
  upstream: Upstream,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const answer = await upstream.unary(healthCheck, {}, options);
  return "status" in answer && answer.status === serving;
}

/** `grpc.health.v1.Health/Check`, as far as it is asked here; the status is read as the number it is on the wire. */
export const healthCheck: DescMethodUnary = describeCheck();

function describeCheck(): DescMethodUnary {
  const file = create(FileDescriptorProtoSchema, {
    name: "grpc/health/v1/health.proto",
    package: "grpc.health.v1",
    syntax: "proto3",
    messageType: [
      create(DescriptorProtoSchema, { name: "HealthCheckRequest", field: [field("service", FieldDescriptorProto_Type.STRING)] }),
      create(DescriptorProtoSchema, { name: "HealthCheckResponse", field: [field("status", FieldDescriptorProto_Type.INT32)] }),
    ],
    service: [
      create(ServiceDescriptorProtoSchema, {
        name: "Health",
        method: [
          create(MethodDescriptorProtoSchema, {
            name: "Check",
            inputType: ".grpc.health.v1.HealthCheckRequest",
            outputType: ".grpc.health.v1.HealthCheckResponse",
          }),
        ],
      }),
    ],
  });
  const method = createFileRegistry(file, () => undefined).getService("grpc.health.v1.Health")?.method["check"];
  if (method === undefined || !isUnary(method)) throw new Error("grpc.health.v1.Health has no Check");
  return method;
}

function field(name: string, type: FieldDescriptorProto_Type) {
  return create(FieldDescriptorProtoSchema, { name, jsonName: name, number: 1, type, label: FieldDescriptorProto_Label.OPTIONAL });
}
