import { fromServiceError } from "@clew/grpc/status";
import { BadRequestSchema, ErrorInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceError } from "@grpc/grpc-js";

/** How a door refused, as it stood on the wire: the same at every door. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** One of the 16 gRPC names, such as `NOT_FOUND`. */
  readonly code: string;
  /** Our own word; empty where the door gave none. */
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** The fields that are wrong, in order. */
  readonly fields: readonly string[];

  constructor(code: string, reason: string, message: string, details: Readonly<Record<string, unknown>>, fields: readonly string[]) {
    super(`${code} ${reason}: ${message}`);
    this.code = code;
    this.reason = reason;
    this.details = details;
    this.fields = fields;
  }
}

/** Reads an error of the Connect or gRPC-Web door. */
export function refusalOfConnect(thrown: unknown): Refusal {
  const error = ConnectError.from(thrown);
  const [info] = error.findDetails(ErrorInfoSchema);
  const fields = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
  const code = Code[error.code].replaceAll(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
  return new Refusal(code === "CANCELED" ? "CANCELLED" : code, info?.reason ?? "", error.rawMessage, info?.metadata ?? {}, fields);
}

/** Reads an error of the gRPC door. */
export function refusalOfGrpc(error: ServiceError): Refusal {
  // Where the details are missing, the nearest reason is no word of the other side's.
  const isSaid = (error.metadata?.get("grpc-status-details-bin").length ?? 0) > 0;
  const fault = fromServiceError(error);
  const fields = fault.violations.map(({ field }) => field);
  return new Refusal(fault.code, isSaid ? fault.reason : "", fault.message, fault.details, fields);
}

/** Reads an error of the REST or SSE door, where only the common shape is one. */
export async function refusalOfResponse(response: Response): Promise<Refusal> {
  const text = await response.text();
  const { error } = JSON.parse(text);
  const { violations = [], ...details } = error.details;
  return new Refusal(
    error.code,
    error.reason,
    error.message,
    details,
    violations.map(({ field }: { field: string }) => field),
  );
}
