import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { type ClientReader, readWithClew, readWithEventSource, readWithEventSourceClient, toldEvent } from "../support/client-readers.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { checkDelivery, type Delivery, type KnownEvent, knownEvents } from "../support/delivery.ts";
import { readSse } from "../support/doors.ts";
import { readInPage } from "../support/event-source-page.ts";
import { type MiddleBox, startMiddleBox } from "../support/middle-box.ts";
import { type System, startSystem, waitingPlaybook } from "../support/system.ts";

/** Buffers whatever it may, compresses, and cuts what is idle for 2 s: 60 s is its own default. */
const nginx = (target: string) => (port: number, folder: string) =>
  `
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://${target};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering on;
      proxy_buffers 8 64k;
      proxy_read_timeout 2s;
    }
  }
}
`;

/** Cuts what is idle for 2 s on either side, and compresses. */
const haproxy = (target: string) => (port: number) =>
  `
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  compression algo gzip
  compression type text/event-stream application/json text/html
frontend readers
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  server one ${target}
`;

/** What a client was told, and over how many connections. */
interface Reading {
  readonly delivery: Delivery;
  readonly opened: number;
}

/** What stands between the clients and the gateway, by its name. */
const programs = [
  ["nginx", nginx],
  ["haproxy", haproxy],
] as const;

describe("behind a hostile middle box", () => {
  let system: System;
  /** Boxes and the browser; everything of them goes before the system does. */
  let started: AsyncDisposableStack;
  let browser: Browser;
  const boxes = new Map<string, MiddleBox>();
  beforeAll(async () => {
    system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1", CLEW_ALLOWED_HOSTS: "127.0.0.1" });
    started = new AsyncDisposableStack();
    const target = new URL(system.url).host;
    // nginx gives the gateway its own address as the Host: what a page of its origin sends must be let in all the same.
    for (const [program, configure] of programs)
      boxes.set(program, started.use(await startMiddleBox({ program, configure: configure(target) })));
    browser = await launchChromium();
    started.defer(() => browser.close());
  });
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
  });
  const urlOf = (program: string) => boxes.get(program)?.url ?? "";

  describe("a quiet run", () => {
    let direct: readonly KnownEvent[];
    const readings = new Map<string, readonly Reading[]>();

    /** Reads a run with four clients at once, behind one box. */
    async function read(program: string, page: Page, runId: string, signal: AbortSignal): Promise<readonly Reading[]> {
      const native = async (): Promise<Reading> => {
        const { lines, opened } = await readInPage(page, runId);
        const connections = [{ after: "", told: lines.map(toldEvent) }];
        return { delivery: { reader: "Chromium", runId, types: [], connections, outcome: "ended" }, opened };
      };
      // Each reaches the box by a way of its own, so that its connections can be counted.
      const counted = async (client: ClientReader): Promise<Reading> => {
        await using way = await startCuttingProxy({ target: () => new URL(urlOf(program)).host });
        return { delivery: await client(way.url, runId, signal), opened: way.connections };
      };
      const clients: readonly ClientReader[] = [readWithClew("sse"), readWithEventSource, readWithEventSourceClient];
      return await Promise.all([...clients.map(counted), native()]);
    }

    beforeAll(async () => {
      // Longer silent than the boxes allow: each client is cut at least once while nothing happens.
      const source = `id: quiet
steps:
  - { action: goto, params: { url: "${system.backOffice.url}/login" } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: 6000 }, on_failure: abort, failure_message: Nothing came }
`;
      const pages = await Promise.all(
        programs.map(async ([program]) => {
          const page = await browser.newPage();
          await page.goto(urlOf(program));
          return [program, page] as const;
        }),
      );
      const run = await system.clew.createRun(system.spec(source));
      const signal = AbortSignal.timeout(90_000);
      await Promise.all(pages.map(async ([program, page]) => readings.set(program, await read(program, page, run.id, signal))));
      direct = knownEvents(await readSse(system, run.id));
    });

    it.each(programs)(
      "behind %s: four clients follow it live, are cut off again and again, and agree event for event with who reads directly",
      (program) => {
        expect(direct.at(-1)?.type).toBe("runFinished");
        expect(readings.get(program)).toHaveLength(4);
        for (const { delivery, opened } of readings.get(program) ?? []) {
          expect(checkDelivery(delivery, direct)).toEqual([]);
          const got = delivery.connections.flatMap(({ told }) => told).filter(({ kind }) => kind === "event");
          expect(got, delivery.reader).toHaveLength(direct.length);
          expect(opened, `connections of ${delivery.reader}`).toBeGreaterThan(1);
        }
      },
    );
  });

  it("an event arrives while the run is under way, not when the box has collected enough", async () => {
    const run = await system.clew.createRun(system.spec(waitingPlaybook(system.backOffice.url)));
    const arrives = async (program: string) => {
      const response = await fetch(`${urlOf(program)}/v1/runs/${run.id}/stream`);
      // nginx compresses although it is told not to transform: what it compressed it must still pass on at once.
      expect(await readUntil(response, '"type":"attemptStarted"'), program).toContain("retry:");
      expect((await run.get()).endTime, program).toBeUndefined();
    };
    await Promise.all(programs.map(([program]) => arrives(program)));
    await run.stop({ graceSeconds: 0 });
    await run.result();
  });
});

/** Reads until a text has come, then leaves. */
async function readUntil(response: Response, text: string): Promise<string> {
  let got = "";
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    got += part;
    if (got.includes(text)) break;
  }
  return got;
}
