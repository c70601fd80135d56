import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import {
  RunService,
  type StreamRunEventsRequest,
  StreamRunEventsRequestSchema,
  type StreamRunEventsResponse,
} from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { type Refusal, refusalOfConnect, refusalOfGrpc } from "./refusal.ts";
import type { Door, DoorName, Doorway, JsonFields, StreamAsk, Told } from "./told.ts";

const jsonOptions = { alwaysEmitImplicit: true } as const;

/** gRPC, with grpc-js against the orchestrator. */
export const grpcDoor: Door = {
  name: "grpc",
  async *follow(at, ask) {
    using client = dial(at);
    const call = client.makeServerStreamRequest(
      `/${RunService.typeName}/StreamRunEvents`,
      encoder(StreamRunEventsRequestSchema),
      (bytes) => fromBinary(RunService.method.streamRunEvents.output, bytes),
      toRequest(ask),
      metadataOf(at),
    );
    call.on("error", () => {});
    const leave = () => call.cancel();
    ask.signal.addEventListener("abort", leave, { once: true });
    try {
      for await (const response of call) yield* toTold(response);
    } catch (thrown) {
      throw isServiceError(thrown) ? refusalOrItself(refusalOfGrpc(thrown), thrown) : thrown;
    } finally {
      ask.signal.removeEventListener("abort", leave);
      call.cancel();
    }
  },
  async call(at, name, request) {
    using client = dial(at);
    const { input, output, name: method }: DescMethod = RunService.method[name];
    const message = readRequest(input, request);
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${RunService.typeName}/${method}`,
        encoder(input),
        (bytes) => fromBinary(output, bytes),
        message,
        metadataOf(at),
        { deadline: Date.now() + 30_000 },
        (error, value) => (error ? reject(refusalOfGrpc(error)) : resolve(writeAnswer(output, value))),
      );
    });
  },
};

/** The Connect protocol, with the generated client against the gateway. */
export const connectDoor: Door = generatedDoor("connect", (baseUrl) => createConnectTransport({ baseUrl }));

/** gRPC-Web, with the generated client against the gateway. */
export const grpcWebDoor: Door = generatedDoor("grpc-web", (baseUrl) => createGrpcWebTransport({ baseUrl }));

function generatedDoor(name: DoorName, transportTo: (baseUrl: string) => Transport): Door {
  return {
    name,
    async *follow(at, ask) {
      try {
        const options = { signal: ask.signal, headers: headersOf(at) };
        for await (const response of createClient(RunService, transportTo(at.url)).streamRunEvents(toRequest(ask), options))
          yield* toTold(response);
      } catch (thrown) {
        throw refusalOrItself(refusalOfConnect(thrown), thrown);
      }
    },
    async call(at, method, request) {
      const described: DescMethodUnary = RunService.method[method];
      try {
        const { message } = await transportTo(at.url).unary(
          described,
          undefined,
          30_000,
          headersOf(at),
          readRequest(described.input, request),
        );
        return writeAnswer(described.output, message);
      } catch (thrown) {
        throw refusalOfConnect(thrown);
      }
    },
  };
}

function* toTold({ resumeToken: token, frame }: StreamRunEventsResponse): Generator<Told> {
  switch (frame.case) {
    case "events":
      for (const event of frame.value.events) {
        const json = JSON.stringify(toJson(RunEventSchema, event, jsonOptions));
        yield { kind: "event", token: event.resumeToken, sequence: event.sequence, type: event.type, json };
      }
      return;
    case "hello":
    case "checkpoint":
      return yield { kind: frame.case, token };
    case "reconnect":
      return yield { kind: "later", afterMs: frame.value.afterMs };
    case "end":
      return yield { kind: "end", token, lastSequence: frame.value.lastSequence };
    default:
      throw new Error(`a frame that nobody told us of: ${frame.case}`);
  }
}

function toRequest({ runId, after = "", types = [] }: StreamAsk): StreamRunEventsRequest {
  return readRequest(StreamRunEventsRequestSchema, { runId, resumeToken: after, types: [...types] });
}

/** An error that says a reason is the service's own word; any other is the transport's. */
function refusalOrItself(refusal: Refusal, thrown: unknown): unknown {
  return refusal.reason === "" ? thrown : refusal;
}

function dial({ orchestratorAddress }: Doorway): Client & Disposable {
  const client = new Client(orchestratorAddress, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 500,
  });
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}

function headersOf({ key }: Doorway): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

function metadataOf(at: Doorway): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headersOf(at))) metadata.set(name, value);
  return metadata;
}

function encoder<M extends DescMessage>(schema: M) {
  return (message: MessageShape<M>) => Buffer.from(toBinary(schema, message));
}

function readRequest<M extends DescMessage>(schema: M, request: JsonFields): MessageShape<M> {
  // What stands in a case is JSON already; the schema says whether it is this message's.
  return fromJson(schema, JSON.parse(JSON.stringify(request)) as JsonValue);
}

function writeAnswer<M extends DescMessage>(schema: M, message: MessageShape<M> | undefined): JsonFields {
  const json = message === undefined ? null : toJson(schema, message, jsonOptions);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("an answer that is no message");
  return json;
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && "metadata" in thrown;
}
