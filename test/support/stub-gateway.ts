import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isTerminal, type Run } from "@clew/client/run";
import type { RunEvent } from "@clew/client/run-event";
import { Tail } from "@clew/streams/tail";
import { sampleRun, sampleRunId, tokenAfter } from "./sample-run.ts";

/** A request the stub received. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers one request in place of the stub. */
export type Script = (response: ServerResponse, request: SeenRequest) => void | Promise<void>;

/** A gateway with one run, as far as PROTOCOL.md describes it at the REST and SSE doors, and every way to misbehave. */
export interface StubGateway extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Answers the next request for `what` (such as `GET /v1/runs`), and then the ones after, with these, one each. */
  script(what: string, ...scripts: readonly Script[]): void;
  /** Makes events part of the run; who follows it gets them. */
  publish(...events: readonly RunEvent[]): void;
}

/** What the stub serves. */
export interface StubOptions {
  readonly events?: readonly RunEvent[];
  readonly artifacts?: Readonly<Record<string, string>>;
  /** Refuses requests without it. */
  readonly key?: string;
}

/** Answers with JSON. */
export function answer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Script {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };
}

/** Answers with an error in the shape of every door. */
export function refuse(
  status: number,
  code: string,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
  details: unknown = {},
): Script {
  return answer(status, { error: { code, reason, message: `It is ${reason}.`, retryable: false, details } }, headers);
}

/** Cuts the connection without an answer. */
export const cut: Script = (response) => {
  response.destroy();
};

/** Writes these server-sent events, then cuts the connection, or leaves it open. */
export function stream(text: string, then: "cut" | "close" | "leave open" = "cut"): Script {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text, () => {
      if (then === "cut") response.destroy();
      if (then === "close") response.end();
    });
  };
}

/** A run event as a server-sent event. */
export function sse(event: RunEvent): string {
  return `id: ${event.resumeToken}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** A control frame as a server-sent event. */
export function sseFrame(name: string, data: unknown, id?: string): string {
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Starts the stub on a free port of 127.0.0.1. */
export async function startStubGateway({ events: initial = [], artifacts = {}, key }: StubOptions = {}): Promise<StubGateway> {
  const events: RunEvent[] = [...initial];
  const seen: SeenRequest[] = [];
  const scripts = new Map<string, Script[]>();
  const runsByKey = new Map<string, string>();
  const tail = new Tail(events.length);

  const currentRun = (): Run => {
    const last = events.at(-1);
    if (last?.type === "runFinished" && last.runFinished.run !== undefined) return { ...sampleRun(), ...last.runFinished.run };
    return sampleRun({ lastSequence: events.length, resumeToken: tokenAfter(events.length) });
  };
  const positionOf = (after: string): number => (after === "now" ? events.length : Number(after.replace("c1.sample-", "")));

  const routes: readonly [RegExp, (request: SeenRequest, name: string) => Script | Promise<Script>][] = [
    [
      /^POST \/v1\/runs$/,
      ({ headers, body }) => {
        const id = String(headers["idempotency-key"]);
        const other = runsByKey.get(id);
        if (other !== undefined && other !== body) return refuse(409, "ALREADY_EXISTS", "IDEMPOTENCY_CONFLICT");
        runsByKey.set(id, body);
        return answer(201, { ...currentRun(), spec: JSON.parse(body) }, { location: `/v1/runs/${sampleRunId}` });
      },
    ],
    [
      /^POST \/v1\/runs\/dry-run$/,
      () => answer(200, { valid: true, checks: [{ name: "playbook", passed: true, message: "It can run." }], warnings: [] }),
    ],
    [
      /^GET \/v1\/runs$/,
      ({ query }) =>
        answer(
          200,
          query.get("pageToken") === null ? { runs: [currentRun()], nextPageToken: "2" } : { runs: [currentRun()], nextPageToken: "" },
        ),
    ],
    [
      /^GET \/v1\/runs\/([^/]+)$/,
      async ({ query }) => {
        const waitMs = Number.parseFloat(query.get("wait") ?? "0") * 1000;
        const until = AbortSignal.timeout(waitMs);
        while (waitMs > 0 && !isTerminal(currentRun().state) && !until.aborted)
          await tail.waitAbove(events.length, { signal: until }).catch(() => {});
        return answer(200, currentRun());
      },
    ],
    [/^DELETE \/v1\/runs\/([^/]+)$/, () => answer(200, {})],
    [/^POST \/v1\/runs\/([^/]+)\/(stop|inputs)$/, () => answer(200, currentRun())],
    [
      /^GET \/v1\/runs\/([^/]+)\/events$/,
      ({ query }) => {
        const after = positionOf(query.get("after") ?? "0");
        const page = events.slice(after, after + Number(query.get("limit") ?? "100"));
        const upToDate = after + page.length === events.length;
        const finished = upToDate && isTerminal(currentRun().state);
        return answer(200, { events: page, nextResumeToken: tokenAfter(after + page.length), upToDate, finished });
      },
    ],
    [
      /^GET \/v1\/runs\/([^/]+)\/stream$/,
      ({ query, headers }) =>
        (response) =>
          serveStream(response, positionOf(String(headers["last-event-id"] ?? query.get("after") ?? "0"))),
    ],
    [
      /^GET \/v1\/runs\/([^/]+)\/artifacts$/,
      () =>
        answer(200, {
          artifacts: Object.entries(artifacts).map(([name, text]) => ({
            name,
            kind: "LOG",
            contentType: "text/plain",
            sizeBytes: text.length,
            sha256: "0".repeat(64),
          })),
        }),
    ],
    [
      /^GET \/v1\/runs\/[^/]+\/artifacts\/([^/]+)$/,
      (_request, name) => {
        const text = artifacts[name];
        if (text === undefined) return refuse(404, "NOT_FOUND", "ARTIFACT_NOT_FOUND");
        return (response) => {
          response.writeHead(200, { "content-type": "text/plain" }).end(text);
        };
      },
    ],
    [
      /^GET \/v1\/playbooks$/,
      () =>
        answer(200, {
          playbooks: [
            {
              id: "hello",
              version: "1",
              sha256: "0".repeat(64),
              description: "Says hello.",
              parameters: [],
              problems: [],
              tags: [],
              stepCount: 2,
            },
          ],
        }),
    ],
    [/^POST \/v1\/playbooks\/validate$/, () => answer(200, { valid: true, problems: [] })],
    [/^POST \/v1\/tickets$/, () => answer(200, { ticket: "t1.ticket", expireTime: "2026-01-01T01:00:00Z" })],
    [
      /^POST \/v1\/files$/,
      ({ body }) => answer(200, { fileId: "file-1", sizeBytes: body.length, sha256: "0".repeat(64), expireTime: "2026-01-02T00:00:00Z" }),
    ],
    [/^GET \/healthz$/, () => answer(200, { status: "ok" })],
  ];

  async function serveStream(response: ServerResponse, after: number): Promise<void> {
    let position = after;
    if (after > 0 && after === events.length && isTerminal(currentRun().state)) {
      response.writeHead(204).end();
      return;
    }
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(
      `retry: 1500\n\n${sseFrame("hello", { runId: sampleRunId, tail: events.length, heartbeatMs: 15_000 }, tokenAfter(after))}`,
    );
    while (!gone.signal.aborted) {
      for (const event of events.slice(position)) response.write(sse(event));
      position = events.length;
      if (isTerminal(currentRun().state)) {
        response.end(sseFrame("end", { run: currentRun(), lastSequence: position }, tokenAfter(position)));
        return;
      }
      await tail.waitAbove(position, { signal: gone.signal }).catch(() => {});
    }
  }

  async function route(what: string, request: SeenRequest): Promise<Script> {
    if (key !== undefined && request.path !== "/healthz" && request.headers.authorization !== `Bearer ${key}`)
      return refuse(401, "UNAUTHENTICATED", "KEY_INVALID");
    for (const [pattern, serve] of routes) {
      const match = pattern.exec(what);
      if (match !== null) return await serve(request, match[1] ?? "");
    }
    return refuse(404, "NOT_FOUND", "ROUTE_NOT_FOUND");
  }

  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://stub");
    let body = "";
    for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
    const request: SeenRequest = {
      method: incoming.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body,
    };
    seen.push(request);
    const what = `${request.method} ${request.path}`;
    const script = scripts.get(what)?.shift() ?? (await route(what, request));
    await script(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    script(what, ...more) {
      scripts.set(what, [...(scripts.get(what) ?? []), ...more]);
    },
    publish(...more) {
      events.push(...more);
      tail.moveTo(events.length);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
