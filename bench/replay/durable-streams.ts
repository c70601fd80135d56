import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { mark } from "../support/clock.ts";
import { servePart } from "../support/serve-part.ts";

/** What is used of @durable-streams/server, which is installed where the first argument says. */
interface DurableStreams {
  readonly DurableStreamTestServer: new (options: {
    readonly port: number;
    readonly host: string;
    readonly dataDir: string;
    readonly compression: boolean;
  }) => { start(): Promise<string> };
}

const [installed = "", dataDir = ""] = process.argv.slice(2);
const entry = join(installed, "node_modules/@durable-streams/server/dist/index.js");
const { DurableStreamTestServer }: DurableStreams = await import(pathToFileURL(entry).href);
const server = new DurableStreamTestServer({ port: 0, host: "127.0.0.1", dataDir, compression: false });
const url = await server.start();
const batch = 1_000;
const headers = { "content-type": "application/json" };

const handlers = {
  port: (): number => Number(new URL(url).port),
  /** Writes a stream of JSON messages of so many bytes each, in files; answers its path. */
  async write({ events, bytes }: { events: number; bytes: number }): Promise<string> {
    const path = `/bench-${events}`;
    await must(await fetch(`${url}${path}`, { method: "PUT", headers }));
    for (let left = events; left > 0; left -= batch) {
      const messages = Array.from({ length: Math.min(batch, left) }, () =>
        `{"summary":"@${mark()}`.padEnd(bytes - 2, "clew ").concat('"}'),
      );
      await must(await fetch(`${url}${path}`, { method: "POST", headers, body: `[${messages.join(",")}]` }));
    }
    return path;
  },
};

/** What the server can be asked. */
export type DurableStreamsServer = typeof handlers;

async function must(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
}

servePart(handlers);
