/** One thing that a door tells who follows a run, in the same words for all doors. */
export type Told =
  | { readonly kind: "event"; readonly token: string; readonly sequence: number; readonly type: string; readonly json: string }
  | { readonly kind: "hello" | "checkpoint"; readonly token: string }
  /** `reconnect`, `busy`: come back. */
  | { readonly kind: "later"; readonly afterMs: number }
  | { readonly kind: "reset"; readonly token: string; readonly reason: string }
  /** `lastSequence` is undefined at the REST door, which says only that these were all. */
  | { readonly kind: "end"; readonly token: string; readonly lastSequence: number | undefined }
  /** A reader who has everything is told only that. */
  | { readonly kind: "nothing" };

/** Where a system's doors are, and who asks. */
export interface Doorway {
  readonly url: string;
  /** `host:port` of the orchestrator. */
  readonly orchestratorAddress: string;
  readonly key?: string;
}

/** What is asked of a stream. */
export interface StreamAsk {
  readonly runId: string;
  /** Absent: from the first event. */
  readonly after?: string;
  /** Absent: all. */
  readonly types?: readonly string[];
  readonly signal: AbortSignal;
}

/** One of the ways to Clew. */
export interface Door {
  readonly name: DoorName;
  /** Opens one connection and tells what comes over it, until the server closes. @throws Refusal; what the transport threw where it broke. */
  follow(at: Doorway, ask: StreamAsk): AsyncGenerator<Told, void, undefined>;
  /** Makes a unary call; request and answer are the JSON of the method's messages. @throws Refusal. */
  call?(at: Doorway, method: MethodName, request: JsonFields): Promise<JsonFields>;
}

/** The names of the doors. */
export const doorNames = ["grpc", "connect", "grpc-web", "sse", "rest"] as const;

/** A door's name. */
export type DoorName = (typeof doorNames)[number];

/** The unary calls that can be made at every door but SSE. */
export const methodNames = [
  "createRun",
  "dryRun",
  "listRuns",
  "getRun",
  "deleteRun",
  "readEvents",
  "stopRun",
  "releaseRun",
  "sendInput",
  "listArtifacts",
  "createTicket",
  "listPlaybooks",
  "getPlaybook",
  "validatePlaybook",
] as const;

/** A unary call's name. */
export type MethodName = (typeof methodNames)[number];

/** A message as JSON. */
export type JsonFields = { readonly [name: string]: unknown };
