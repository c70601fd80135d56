import { Agent, fetch } from "undici";

/** The way to the relay. Dispose it to close its connections. */
export interface RelayFetch extends AsyncDisposable {
  readonly fetch: typeof globalThis.fetch;
}

/** Opens the way to a relay that listens on a Unix socket. It waits for as long as the caller's signal lets it. */
export function openRelayFetch(socketPath: string): RelayFetch {
  const dispatcher = new Agent({ connect: { socketPath }, headersTimeout: 0, bodyTimeout: 0 });
  return {
    async fetch(input, { method = "GET", headers, body, signal } = {}) {
      const answer = await fetch(input instanceof Request ? input.url : input, {
        method,
        headers: [...new Headers(headers)],
        body: typeof body === "string" ? body : null,
        signal: signal ?? null,
        dispatcher,
      });
      // Whole: nothing here reads an answer while it comes.
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers] });
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}
