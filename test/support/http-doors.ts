import { createParser, type EventSourceMessage } from "eventsource-parser";
import { refusalOfResponse } from "./refusal.ts";
import type { Door, Doorway, JsonFields, MethodName, Told } from "./told.ts";

/** Server-sent events, read from the bytes. */
export const sseDoor: Door = {
  name: "sse",
  async *follow(at, { runId, after, types, signal }) {
    const query = new URLSearchParams(types === undefined ? {} : { types: types.join(",") });
    const headers = { ...headersOf(at), ...(after === undefined ? {} : { "last-event-id": after }) };
    const response = await fetch(`${at.url}/v1/runs/${runId}/stream?${query}`, { headers, signal });
    if (response.status === 204) return yield { kind: "nothing" };
    if (response.status !== 200) throw await refusalOfResponse(response);
    const heard: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (message) => heard.push(message) });
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      parser.feed(text);
      for (const message of heard.splice(0)) yield toldBy(message);
    }
  },
};

function toldBy({ event, id: token = "", data }: EventSourceMessage): Told {
  const fields = JSON.parse(data);
  switch (event) {
    case undefined:
      return { kind: "event", token, sequence: fields.sequence, type: fields.type, json: data };
    case "hello":
    case "checkpoint":
      return { kind: event, token };
    case "reconnect":
    case "busy":
      return { kind: "later", afterMs: fields.afterMs };
    case "reset":
      return { kind: "reset", token, reason: fields.reason };
    case "end":
      return { kind: "end", token, lastSequence: fields.lastSequence };
    default:
      throw new Error(`an event that nobody told us of: ${event}`);
  }
}

/** REST: events page by page, waiting for more where there is none yet; calls as their addresses are documented. */
export const restDoor: Door = {
  name: "rest",
  async *follow(at, { runId, after = "", types = [], signal }) {
    for (let token = after; ; ) {
      const query = new URLSearchParams({ limit: "7", wait: "2s", ...(token === "" ? {} : { after: token }) });
      const { events, nextResumeToken, finished } = await ask(at, "GET", `/v1/runs/${runId}/events?${query}`, { signal });
      for (const event of events) {
        const { resumeToken, sequence, type } = event;
        if (types.length === 0 || types.includes(type))
          yield { kind: "event", token: resumeToken, sequence, type, json: JSON.stringify(event) };
      }
      token = nextResumeToken;
      if (finished) return yield { kind: "end", token, lastSequence: undefined };
      yield { kind: "checkpoint", token };
    }
  },
  async call(at, method, request) {
    const { verb, path, body, headers, wrap } = addressOf(method, request);
    const answer = await ask(at, verb, path, { body, headers, signal: AbortSignal.timeout(30_000) });
    return wrap === undefined ? answer : { [wrap]: answer };
  },
};

interface Address {
  readonly verb: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The field of the answer that the body is. */
  readonly wrap?: string;
}

function addressOf(method: MethodName, request: JsonFields): Address {
  const { runId, playbookId, spec, requestId, ...rest } = request;
  const run = `/v1/runs/${encodeURIComponent(String(runId))}`;
  switch (method) {
    case "createRun":
      return {
        verb: "POST",
        path: "/v1/runs",
        body: spec,
        headers: requestId === undefined ? {} : { "idempotency-key": String(requestId) },
        wrap: "run",
      };
    case "dryRun":
      return { verb: "POST", path: "/v1/runs/dry-run", body: spec };
    case "listRuns":
      return { verb: "GET", path: `/v1/runs${queryOf(rest)}` };
    case "getRun":
      return { verb: "GET", path: `${run}${queryOf(rest)}`, wrap: "run" };
    case "deleteRun":
      return { verb: "DELETE", path: run };
    case "readEvents":
      return { verb: "GET", path: `${run}/events${queryOf(rest)}` };
    case "stopRun":
      return { verb: "POST", path: `${run}/stop`, body: rest, wrap: "run" };
    case "releaseRun":
      return { verb: "POST", path: `${run}/release`, body: rest, wrap: "run" };
    case "sendInput":
      return { verb: "POST", path: `${run}/inputs`, body: rest, wrap: "run" };
    case "listArtifacts":
      return { verb: "GET", path: `${run}/artifacts` };
    case "createTicket":
      return { verb: "POST", path: "/v1/tickets", body: rest };
    case "listPlaybooks":
      return { verb: "GET", path: "/v1/playbooks" };
    case "getPlaybook":
      return { verb: "GET", path: `/v1/playbooks/${encodeURIComponent(String(playbookId))}`, wrap: "playbook" };
    case "validatePlaybook":
      return { verb: "POST", path: "/v1/playbooks/validate", body: rest };
  }
}

function queryOf(fields: JsonFields): string {
  const query = new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)])),
  );
  return query.size === 0 ? "" : `?${query}`;
}

interface Ask {
  readonly body?: unknown;
  readonly headers?: Record<string, string> | undefined;
  readonly signal: AbortSignal;
}

async function ask(at: Doorway, method: string, path: string, { body, headers, signal }: Ask) {
  const response = await fetch(`${at.url}${path}`, {
    method,
    headers: { ...headersOf(at), ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  if (!response.ok) throw await refusalOfResponse(response);
  return JSON.parse(await response.text());
}

function headersOf({ key }: Doorway): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
