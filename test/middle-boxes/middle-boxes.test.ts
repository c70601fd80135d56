import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { type ClientReader, readWithClew, readWithEventSource, readWithEventSourceClient, toldEvent } from "../support/client-readers.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { checkDelivery, type Delivery, knownEvents } from "../support/delivery.ts";
import { readSse } from "../support/doors.ts";
import { readInPage } from "../support/event-source-page.ts";
import { type MiddleBox, startMiddleBox } from "../support/middle-box.ts";
import { type System, startSystem } from "../support/system.ts";

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

describe.each([
  ["nginx", nginx],
  ["haproxy", haproxy],
] as const)("behind a hostile %s", (program, configure) => {
  let system: System;
  let box: MiddleBox;
  beforeAll(async () => {
    system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1", CLEW_ALLOWED_HOSTS: "127.0.0.1" });
    const target = new URL(system.url).host;
    // nginx gives the gateway its own address as the Host: what a page of its origin sends must be let in all the same.
    box = await startMiddleBox({ program, configure: configure(target) });
  });
  afterAll(async () => {
    await box?.[Symbol.asyncDispose]();
    await system[Symbol.asyncDispose]();
  });

  it("four clients follow a quiet run live, are cut off again and again, and agree event for event with who reads directly", async () => {
    // Longer silent than the box allows: each of them is cut at least once while nothing happens.
    const source = `id: quiet
steps:
  - { action: goto, params: { url: "${system.backOffice.url}/login" } }
  - { action: wait_for, selector: "#never", params: { timeout_ms: 6000 }, on_failure: abort, failure_message: Nothing came }
`;
    await using stack = new AsyncDisposableStack();
    const browser = await launchChromium();
    stack.defer(() => browser.close());
    const page = await browser.newPage();
    await page.goto(box.url);
    const run = await system.clew.createRun(system.spec(source));
    const signal = AbortSignal.timeout(90_000);
    const native = async (): Promise<Reading> => {
      const { lines, opened } = await readInPage(page, run.id);
      const connections = [{ after: "", told: lines.map(toldEvent) }];
      return { delivery: { reader: "Chromium", runId: run.id, types: [], connections, outcome: "ended" }, opened };
    };
    // Each reaches the box by a way of its own, so that its connections can be counted.
    const counted = async (read: ClientReader): Promise<Reading> => {
      await using way = await startCuttingProxy({ target: () => new URL(box.url).host });
      return { delivery: await read(way.url, run.id, signal), opened: way.connections };
    };
    const clients: readonly ClientReader[] = [readWithClew("sse"), readWithEventSource, readWithEventSourceClient];
    const readings = await Promise.all([...clients.map(counted), native()]);
    const direct = knownEvents(await readSse(system, run.id));
    expect(direct.at(-1)?.type).toBe("runFinished");
    for (const { delivery, opened } of readings) {
      expect(checkDelivery(delivery, direct)).toEqual([]);
      const got = delivery.connections.flatMap(({ told }) => told).filter(({ kind }) => kind === "event");
      expect(got, delivery.reader).toHaveLength(direct.length);
      expect(opened, `connections of ${delivery.reader}`).toBeGreaterThan(1);
    }
  });

  it("an event arrives while the run is under way, not when the box has collected enough", async () => {
    const run = await system.clew.createRun(
      system.spec(
        `id: slow\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n  - { action: wait_for, selector: "#never", params: { timeout_ms: 60000 }, on_failure: abort }\n`,
      ),
    );
    const response = await fetch(`${box.url}/v1/runs/${run.id}/stream`);
    // nginx compresses although it is told not to transform: what it compressed it must still pass on at once.
    expect(await readUntil(response, '"type":"attemptStarted"')).toContain("retry:");
    expect((await run.get()).endTime).toBeUndefined();
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
