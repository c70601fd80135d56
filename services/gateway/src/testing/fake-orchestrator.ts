import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Fault } from "@clew/fault/fault";
import { type RunEvent, RunEventSchema } from "@clew/proto/connect/clew/run/v1/run_event_pb";
import { type ArtifactSchema, type Run, Run_State, RunSchema } from "@clew/proto/connect/clew/run/v1/run_pb";
import {
  type CreateRunRequest,
  type ReadArtifactResponseSchema,
  RunService,
  type StreamRunEventsRequest,
  type StreamRunEventsResponseSchema,
} from "@clew/proto/connect/clew/run/v1/run_service_pb";
import { delay } from "@clew/streams/delay";
import { linkSignals } from "@clew/streams/linked-signal";
import { Tail } from "@clew/streams/tail";
import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { connectErrorOf } from "../connect/to-connect-error.ts";
import { healthCheck } from "../upstream/health.ts";

type RunFields = Omit<MessageInitShape<typeof RunSchema>, "$typeName">;

/** A run of the fake: its events so far, and who waits for more. */
export class FakeRun {
  readonly id: string;
  readonly events: RunEvent[] = [];
  readonly tail = new Tail();
  readonly artifacts = new Map<string, { artifact: Omit<MessageInitShape<typeof ArtifactSchema>, "$typeName">; bytes: Uint8Array }>();
  readonly #run: RunFields;
  isFinished = false;
  /** Whether it was kept as long as it was to be. */
  isExpired = false;
  /** Why it cannot be read now. */
  fault: Fault | undefined;

  constructor(id: string, run: RunFields = {}) {
    this.id = id;
    this.#run = run;
  }

  /** The token that says "everything up to this sequence". */
  token(sequence: number): string {
    return `c1.${this.id.slice(-4)}_${sequence}`;
  }

  get run(): Run {
    const lastSequence = this.events.length;
    return create(RunSchema, {
      ...this.#run,
      id: this.id,
      tenant: "default",
      state: this.isFinished ? Run_State.COMPLETED : Run_State.RUNNING,
      lastSequence,
      resumeToken: this.token(lastSequence),
    });
  }

  /** Appends an event with a summary and wakes the readers. */
  append(summary = "Something happened.", resumeToken?: string): RunEvent {
    const sequence = this.events.length + 1;
    const event = create(RunEventSchema, {
      runId: this.id,
      sequence,
      time: timestampFromDate(new Date(Date.UTC(2026, 0, 1, 0, 0, sequence))),
      resumeToken: resumeToken ?? this.token(sequence),
      attempt: 1,
      type: "pageChanged",
      summary,
      payload: { case: "pageChanged", value: { url: "https://example.com/", title: summary } },
    });
    this.events.push(event);
    this.tail.moveTo(sequence);
    return event;
  }

  /** Appends the last event. */
  finish(): void {
    this.isFinished = true;
    const sequence = this.events.length + 1;
    this.events.push(
      create(RunEventSchema, {
        runId: this.id,
        sequence,
        resumeToken: this.token(sequence),
        type: "runFinished",
        summary: "The run completed.",
        payload: { case: "runFinished", value: {} },
      }),
    );
    this.tail.moveTo(sequence);
  }

  /** Reads a token as the sequence it names. */
  resolve(token: string, field: "after" | "resumeToken"): number {
    if (this.fault !== undefined) throw this.fault;
    if (this.isExpired) throw new Fault(token === "" ? "RUN_EXPIRED" : "EXPIRED");
    if (token === "") return 0;
    if (token === "now") return this.events.length;
    const sequence = /^\d+$/.test(token) ? Number(token) : Number(/^c1\.[0-9a-f]{4}_(\d+)$/.exec(token)?.[1]);
    if (Number.isNaN(sequence)) {
      throw new Fault("TOKEN_MALFORMED", {
        violations: [{ field, rule: "token", message: "is malformed" }],
        message: `${field}: is malformed`,
      });
    }
    if (sequence > this.events.length) throw new Fault("FUTURE", { details: { earliest: this.token(0) } });
    return sequence;
  }
}

/** How many events like this one a page carries: a MiB of them, as the orchestrator's. */
function pageLimitOf(event: RunEvent | undefined): number {
  return Math.ceil((1024 * 1024) / (200 + 2 * (event?.summary.length ?? 0)));
}

/** A real Connect server on a real port that stands in for the orchestrator, with runs in memory. */
export class FakeOrchestrator implements AsyncDisposable {
  readonly runs = new Map<string, FakeRun>();
  /** The headers of each call, by method. */
  readonly calls: { method: string; headers: Headers; request: unknown }[] = [];
  /** How many StreamRunEvents are open. */
  openStreams = 0;
  /** How many ReadArtifact are open. */
  openDownloads = 0;
  /** How many events pages have carried so far. */
  eventsRead = 0;
  heartbeatMs = 1_000;
  /** What answers to a ticket say in `clew-ticket-types`. */
  ticketTypes: string | undefined;
  /** Which key answers say that somebody who shows one has, and why it holds no more. */
  readonly keys = new Map<string, { readonly id: string; fault?: Fault }>();
  /** Thrown by the next calls of a method, one each. */
  readonly faults = new Map<string, Fault[]>();
  /** Sequences that streams leave out, as a broken upstream would. */
  readonly lost = new Set<number>();
  port = 0;
  #server: Http2Server | undefined;
  readonly #sessions = new Set<ServerHttp2Session>();

  static async start(): Promise<FakeOrchestrator> {
    const fake = new FakeOrchestrator();
    await fake.listen();
    return fake;
  }

  get address() {
    return { kind: "tcp", host: "127.0.0.1", port: this.port } as const;
  }

  /** Adds a run with some events. */
  addRun(events = 0, run: RunFields = {}): FakeRun {
    const id = `run-${crypto.randomUUID().replaceAll("-", "")}`;
    const fakeRun = new FakeRun(id, run);
    this.runs.set(id, fakeRun);
    for (let n = 0; n < events; n += 1) fakeRun.append(`Event ${n + 1}.`);
    return fakeRun;
  }

  failNext(method: string, ...faults: Fault[]): void {
    this.faults.set(method, faults);
  }

  /** Listens again on the port it had. */
  async listen(): Promise<void> {
    const server = createServer(
      // As the orchestrator has it: with the default of 10 MB a thousand readers who come at once break the connection that they share.
      { maxSessionMemory: 1_000 },
      connectNodeAdapter({
        routes: (router: ConnectRouter) => router.service(RunService, this.#implementation()).rpc(healthCheck, () => ({ status: 1 })),
        interceptors: [
          (next) => async (request) => {
            const method = request.method.localName;
            this.calls.push({ method, headers: request.header, request: request.stream ? undefined : request.message });
            const fault = this.faults.get(method)?.shift();
            if (fault !== undefined) throw connectErrorOf(fault);
            try {
              return await next(request);
            } catch (error) {
              throw error instanceof Fault ? connectErrorOf(error) : error;
            }
          },
        ],
      }),
    );
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => {}).on("close", () => this.#sessions.delete(session));
    });
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.port = bound.port;
    this.#server = server;
  }

  /** Dies: every connection is cut, and the port is closed. */
  async kill(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise<void>((resolve) => (this.#server === undefined ? resolve() : this.#server.close(() => resolve())));
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #find(id: string): FakeRun {
    const run = this.runs.get(id);
    if (run === undefined) throw new Fault("RUN_NOT_FOUND");
    return run;
  }

  #implementation(): Partial<ServiceImpl<typeof RunService>> {
    return {
      createRun: ({ spec }: CreateRunRequest) => {
        if (spec?.timeoutSeconds === 1) {
          throw new Fault("INVALID_REQUEST", {
            message: "spec.timeoutSeconds: must be 5 to 3600",
            violations: [{ field: "spec.timeoutSeconds", rule: "range", message: "must be 5 to 3600" }],
          });
        }
        return { run: this.addRun(1, spec === undefined ? {} : { spec }).run };
      },
      getRun: ({ runId }) => ({ run: this.#find(runId).run }),
      stopRun: ({ runId }) => ({ run: this.#find(runId).run }),
      listRuns: () => ({ runs: [...this.runs.values()].map(({ run }) => run) }),
      deleteRun: ({ runId }) => {
        if (!this.#find(runId).isFinished) throw new Fault("RUN_NOT_TERMINAL");
        this.runs.delete(runId);
        return {};
      },
      readEvents: ({ runId, after, limit }, { requestHeader, responseHeader }) => {
        const key = this.keys.get(requestHeader.get("authorization") ?? "");
        if (key?.fault !== undefined) throw key.fault;
        if (key !== undefined) responseHeader.set("clew-key-id", key.id);
        if (this.ticketTypes !== undefined && requestHeader.has("authorization")) responseHeader.set("clew-ticket-types", this.ticketTypes);
        const run = this.#find(runId);
        const start = run.resolve(after, "after");
        const events = run.events.slice(start, start + Math.min(limit || 100, pageLimitOf(run.events[start])));
        const last = start + events.length;
        this.eventsRead += events.length;
        const upToDate = last === run.events.length;
        return {
          events,
          nextResumeToken: run.token(last),
          upToDate,
          finished: upToDate && run.isFinished,
          resumeToken: run.token(start),
          sequence: start,
          tail: run.events.length,
        };
      },
      streamRunEvents: (request, context) => this.#stream(request, context),
      readArtifact: ({ runId, name, offset, length }, { signal }) => this.#readArtifact(runId, name, offset, length, signal),
      uploadFile: async (parts) => {
        let name = "";
        let sizeBytes = 0;
        for await (const { part } of parts) {
          if (part.case === "name") name = part.value;
          if (part.case === "chunk") sizeBytes += part.value.byteLength;
        }
        return { fileId: `file-${name}`, sizeBytes };
      },
    };
  }

  async *#stream(
    { runId, resumeToken, types }: StreamRunEventsRequest,
    context: HandlerContext,
  ): AsyncGenerator<MessageInitShape<typeof StreamRunEventsResponseSchema>> {
    let run: FakeRun;
    let position: number;
    try {
      run = this.#find(runId);
      position = run.resolve(resumeToken, "resumeToken");
    } catch (error) {
      throw error instanceof Fault ? connectErrorOf(error) : error;
    }
    this.openStreams += 1;
    // By its signal: the adapter never resumes a generator whose reader left while it waited to write.
    context.signal.addEventListener("abort", () => {
      this.openStreams -= 1;
    });
    using link = linkSignals(context.signal);
    try {
      yield {
        resumeToken: run.token(position),
        frame: { case: "hello", value: { runId, sequence: position, tail: run.events.length, heartbeatMs: this.heartbeatMs } },
      };
      for (;;) {
        const page = run.events.slice(position, position + 100);
        if (page.length > 0) {
          position += page.length;
          const events = page.filter(({ sequence, type }) => !this.lost.delete(sequence) && (types.length === 0 || types.includes(type)));
          yield { resumeToken: run.token(position), frame: { case: "events", value: { events } } };
        } else if (run.isFinished) {
          yield { resumeToken: run.token(position), frame: { case: "end", value: { run: run.run, lastSequence: position } } };
          return;
        } else {
          const idle = await Promise.race([
            run.tail.waitAbove(position, { signal: link.signal }).then(() => false),
            delay(this.heartbeatMs, { signal: link.signal }).then(() => true),
          ]);
          if (idle) yield { resumeToken: run.token(position), frame: { case: "checkpoint", value: {} } };
        }
      }
    } finally {
      link.abort();
    }
  }

  async *#readArtifact(
    runId: string,
    name: string,
    offset: number,
    length: number,
    signal: AbortSignal,
  ): AsyncGenerator<MessageInitShape<typeof ReadArtifactResponseSchema>> {
    const file = this.runs.get(runId)?.artifacts.get(name);
    if (file === undefined) throw connectErrorOf(new Fault("ARTIFACT_NOT_FOUND"));
    this.openDownloads += 1;
    signal.addEventListener("abort", () => {
      this.openDownloads -= 1;
    });
    yield { part: { case: "artifact", value: { name, sizeBytes: file.bytes.byteLength, ...file.artifact } } };
    const end = length === 0 ? file.bytes.byteLength : offset + length;
    for (let start = offset; start < end; start += 65_536) {
      yield { part: { case: "chunk", value: file.bytes.subarray(start, Math.min(end, start + 65_536)) } };
    }
  }
}
