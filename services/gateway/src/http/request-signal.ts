import type { ServerResponse } from "node:http";
import { Fault } from "@clew/fault/fault";
import { type LinkedSignal, linkSignals } from "@clew/streams/linked-signal";

/** Makes a signal that aborts when the caller leaves, and where one is given, with `shutdown`. Dispose it when the answer is done. */
export function requestSignal(response: ServerResponse, shutdown?: AbortSignal): LinkedSignal {
  const link = linkSignals(shutdown);
  const onClose = () => link.abort(new Fault("CANCELLED"));
  response.on("close", onClose);
  return {
    signal: link.signal,
    abort: link.abort,
    [Symbol.dispose]() {
      response.off("close", onClose);
      link[Symbol.dispose]();
    },
  };
}
