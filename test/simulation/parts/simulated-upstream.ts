import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { codes } from "@clew/fault/code";
import type { Fault } from "@clew/fault/fault";
import type { CallOptions, Upstream } from "@clew/gateway/upstream/upstream";
import { ErrorInfoSchema } from "@clew/proto/connect/google/rpc/error_details_pb";
import { Code, ConnectError } from "@connectrpc/connect";
import { CallBroken, type CallNetwork, call } from "../world/calls.ts";
import { orchestratorAddress } from "./orchestrator.ts";

/** The way from a gateway to the orchestrator, over the simulated network. */
export function openSimulatedUpstream(network: CallNetwork): Upstream {
  async function* stream<I extends DescMessage, O extends DescMessage>(
    method: { readonly input: I; readonly output: O; readonly name: string; readonly parent: { readonly typeName: string } },
    request: MessageInitShape<I>,
    { signal, timeoutMs }: CallOptions,
  ) {
    const path = `/${method.parent.typeName}/${method.name}`;
    const bytes = toBinary(method.input, create(method.input, request));
    try {
      for await (const answer of call(network, { address: orchestratorAddress, line: "upstream", path }, bytes, { signal, timeoutMs }))
        yield fromBinary(method.output, answer);
    } catch (error) {
      if (!(error instanceof CallBroken)) throw new ConnectError("The caller left.", Code.Canceled);
      throw error.said === undefined ? new ConnectError("lost", Code.Unavailable) : toConnectError(error.said);
    }
  }
  return {
    async unary(method, request, options) {
      for await (const answer of stream(method, request, options)) return answer;
      throw new ConnectError("nothing came", Code.Internal);
    },
    async *stream(method, requests, options) {
      for await (const request of requests) return yield* stream(method, request, options);
    },
    [Symbol.dispose]() {},
  };
}

function toConnectError({ code, reason, message, details }: Fault): ConnectError {
  return new ConnectError(message, codes[code].number as Code, undefined, [
    { desc: ErrorInfoSchema, value: { reason, domain: "clew", metadata: { ...details } } },
  ]);
}
