import { Fault } from "@clew/fault/fault";
import type * as proto from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { readEnvironment } from "./config.ts";
import type { EventTransport } from "./event-transport.ts";
import { type Bytes, createGateway, type GatewayOptions } from "./gateway.ts";
import type { Json } from "./json.ts";
import { newRequestId } from "./new-request-id.ts";
import type { Run, RunSpec, RunState } from "./run.ts";
import { createRunHandle, type RunHandle } from "./run-handle.ts";
import { createRunStreams, type RunStreams, type StreamsOptions } from "./run-streams.ts";
import { createSseTransport } from "./transport-sse.ts";
import { getRun } from "./wait-for-end.ts";

/** Where Clew is and how to speak to it. */
export interface ClewOptions {
  /** The gateway; CLEW_URL, or `http://127.0.0.1:8080`, unless given. */
  readonly url?: string;
  /** An API key; CLEW_API_KEY unless given. */
  readonly key?: string;
  /** A ticket in place of a key, as an end user's browser has it; a function is asked for each connection, so that a new one can follow an expired one. Where it shows some types of events only, give `events` the same types. */
  readonly ticket?: string | (() => string | Promise<string>);
  /** How events travel: server-sent events (the default), or the Connect protocol. The events are the same. */
  readonly transport?: "sse" | "connect";
  /** `poll` holds nothing open: events() then yields `runFinished` only. */
  readonly streaming?: "stream" | "poll";
  /** Used in place of the global fetch. */
  readonly fetch?: typeof globalThis.fetch;
  /** Milliseconds a call is tried again while nobody answers; 10,000 unless given. */
  readonly patienceMs?: number;
  /** Milliseconds without an answer after which a stream that was open, and result(), give up; 300,000 unless given. */
  readonly reconnectPatienceMs?: number;
}

/** Which runs to list; all that is given must hold. */
export interface RunFilters {
  /** In any of these states. */
  readonly state?: RunState | readonly RunState[];
  /** With all of these labels. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly createdAfter?: Date | string;
  readonly createdBefore?: Date | string;
  readonly playbook?: string;
  readonly parentRun?: string;
  /** How many are read at once, 1 to 100; 50 unless given. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

/** A playbook of the catalogue. */
export type Playbook = Json<proto.Playbook, proto.PlaybookJson>;
/** What CreateRun would say. */
export type DryRun = Json<proto.DryRunResponse, proto.DryRunResponseJson>;
/** Whether a text is a playbook, and what is wrong with it. */
export type PlaybookValidation = Json<proto.ValidatePlaybookResponse, proto.ValidatePlaybookResponseJson>;
/** A short right to read some runs. */
export type Ticket = Json<proto.CreateTicketResponse, proto.CreateTicketResponseJson>;
/** A file stored for a run to come. */
export type UploadedFile = Json<proto.UploadFileResponse, proto.UploadFileResponseJson>;

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Clew, from outside. Every call throws a Fault, with a stable `reason`, where it fails. */
export interface Clew {
  /** Where the gateway is looked for. */
  readonly url: string;
  /** Creates a run and queues it. A `requestId` is made unless given, so that a retry never starts two. */
  createRun(spec: RunSpec, options?: CallOptions & { readonly requestId?: string }): Promise<Run & RunHandle>;
  /** A handle on a run that exists; asks nothing yet. */
  run(id: string): RunHandle;
  /** Reads a run; with `wait` (seconds, at most 60) answers when it is over or that time has passed. */
  getRun(id: string, options?: CallOptions & { readonly wait?: number }): Promise<Run>;
  /** The tenant's runs, newest first, read page by page. */
  listRuns(filters?: RunFilters): AsyncIterable<Run>;
  /** Deletes a run that is over, with all it left. */
  deleteRun(id: string, options?: CallOptions): Promise<void>;
  /** Follows many runs, 1 to 50, over one connection. */
  streams(ids: readonly string[], options?: StreamsOptions): RunStreams;
  /** Checks a spec as createRun would; starts nothing. */
  dryRun(spec: RunSpec, options?: CallOptions): Promise<DryRun>;
  /** The playbooks of the catalogue, broken ones with their problems. */
  playbooks(options?: CallOptions): Promise<readonly Playbook[]>;
  /** One playbook of the catalogue. */
  playbook(id: string, options?: CallOptions): Promise<Playbook>;
  /** Checks the text of a playbook. */
  validatePlaybook(source: string, options?: CallOptions): Promise<PlaybookValidation>;
  /** Makes a short right to read some runs, for an end user's browser. */
  createTicket(request: proto.CreateTicketRequestJson, options?: CallOptions): Promise<Ticket>;
  /** Stores a file for a run to come; at most 100 MiB, kept for 24 hours or as long as a run that is given it (RunSpec `files`). Of a path, send `await openAsBlob(path)`. */
  uploadFile(name: string, content: Bytes, options?: CallOptions): Promise<UploadedFile>;
}

/** Makes a client. It holds nothing open: there is nothing to close. */
export function createClew(options: ClewOptions = {}): Clew {
  const environment = readEnvironment();
  const url = (options.url ?? environment.url ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
  const key = options.key ?? (options.ticket === undefined ? environment.key : undefined);
  const { ticket, transport = "sse", streaming = "stream", patienceMs = 10_000, reconnectPatienceMs = 300_000 } = options;
  // Called as a plain function: browsers refuse a fetch that was taken off their window.
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const renewsTicket = key === undefined && typeof ticket === "function";
  const authorization = async () => {
    const credential = key ?? (typeof ticket === "function" ? await ticket() : ticket);
    return credential === undefined ? undefined : `Bearer ${credential}`;
  };
  const gateway = createGateway({ url, authorization, fetch, patienceMs });
  const events =
    transport === "connect" ? onDemand(() => loadConnectTransport({ url, authorization, fetch })) : createSseTransport(gateway);
  const handle = (id: string) =>
    createRunHandle(id, { gateway, transport: events, streaming, renewsTicket, connectPatienceMs: patienceMs, reconnectPatienceMs });

  return {
    url,
    async createRun(spec, { requestId = newRequestId(), signal } = {}) {
      const run = await gateway.json<Run>({
        method: "POST",
        path: "/v1/runs",
        headers: { "idempotency-key": requestId },
        json: spec,
        signal,
      });
      return Object.assign(handle(run.id), run);
    },
    run: handle,
    getRun: (id, { wait, signal } = {}) => getRun(gateway, id, { waitSeconds: wait, signal }),
    async *listRuns({ state, labels = {}, createdAfter, createdBefore, playbook, parentRun, pageSize, signal } = {}) {
      const label = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
      const filters = {
        state,
        label,
        createdAfter: toTime(createdAfter),
        createdBefore: toTime(createdBefore),
        playbook,
        parentRun,
        pageSize,
      };
      let pageToken: string | undefined;
      do {
        const page = await gateway.json<{ readonly runs: readonly Run[]; readonly nextPageToken: string }>({
          path: "/v1/runs",
          query: { ...filters, pageToken },
          signal,
        });
        yield* page.runs;
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
    },
    async deleteRun(id, { signal } = {}) {
      await gateway.json({ method: "DELETE", path: `/v1/runs/${encodeURIComponent(id)}`, signal });
    },
    streams: (ids, streamOptions = {}) =>
      createRunStreams(gateway, ids, streamOptions, { renewsTicket, connectPatienceMs: patienceMs, reconnectPatienceMs }),
    dryRun: (spec, { signal } = {}) => gateway.json<DryRun>({ method: "POST", path: "/v1/runs/dry-run", json: spec, signal }),
    async playbooks({ signal } = {}) {
      const { playbooks } = await gateway.json<{ readonly playbooks: readonly Playbook[] }>({ path: "/v1/playbooks", signal });
      return playbooks;
    },
    playbook: (id, { signal } = {}) => gateway.json<Playbook>({ path: `/v1/playbooks/${encodeURIComponent(id)}`, signal }),
    validatePlaybook: (source, { signal } = {}) =>
      gateway.json<PlaybookValidation>({ method: "POST", path: "/v1/playbooks/validate", json: { source }, signal }),
    createTicket: (request, { signal } = {}) => gateway.json<Ticket>({ method: "POST", path: "/v1/tickets", json: request, signal }),
    uploadFile: (name, content, { signal } = {}) =>
      gateway.json<UploadedFile>({ method: "POST", path: "/v1/files", query: { name }, bytes: content, signal, timeoutMs: 600_000 }),
  };
}

function toTime(time: Date | string | undefined): string | undefined {
  return time instanceof Date ? time.toISOString() : time;
}

/** Who stays with server-sent events should not have to load a Protobuf runtime. */
async function loadConnectTransport(options: Pick<GatewayOptions, "url" | "authorization" | "fetch">): Promise<EventTransport> {
  const { createConnectTransport } = await import("./transport-connect.ts");
  return createConnectTransport(options);
}

function onDemand(load: () => Promise<EventTransport>): EventTransport {
  let loaded: Promise<EventTransport> | undefined;
  return async function* (request) {
    loaded ??= load().catch((cause: unknown) => {
      loaded = undefined;
      throw new Fault("CONNECTION_LOST", { message: "The code of the Connect transport could not be loaded.", cause });
    });
    const open = await loaded;
    yield* open(request);
  };
}
