import type { EventTransport, Frame } from "./event-transport.ts";
import { frameFromSse } from "./frame-from-sse.ts";
import type { Gateway } from "./gateway.ts";
import { readSse } from "./read-sse.ts";

/** Follows events over server-sent events, read with fetch. */
export function createSseTransport(gateway: Gateway): EventTransport {
  return async function* openSse({ runId, after, types, signal }): AsyncGenerator<Frame> {
    const path = `/v1/runs/${encodeURIComponent(runId)}/stream`;
    const query = { types: types.length > 0 ? types.join(",") : undefined };
    for await (const brought of readSse(gateway, { path, query, after, signal })) {
      if (brought.kind === "complete") yield { kind: "end", lastSequence: undefined };
      else if (brought.kind === "retry") yield brought;
      else {
        const frame = frameFromSse(brought.message);
        if (frame !== undefined) yield frame;
      }
    }
  };
}
