import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { type ClientReader, readWithClew, readWithEventSource, readWithEventSourceClient, toldEvent } from "../support/client-readers.ts";
import { type CuttingProxy, type Fate, startCuttingProxy } from "../support/cutting-proxy.ts";
import { type Connection, checkDelivery, type Delivery, type KnownEvent, knownEvents } from "../support/delivery.ts";
import { doors, readerAt, readSse } from "../support/doors.ts";
import { readInPage } from "../support/event-source-page.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { readStubbornly } from "../support/stubborn-reader.ts";
import { type System, startSystem } from "../support/system.ts";
import type { Door, Told } from "../support/told.ts";

/** Other places every day; what fails is told with its place. */
const seed = Math.floor(Date.now() / 86_400_000);
const stride = 3;

describe("[weakness 5] a stream that is cut", () => {
  let system: System;
  let runId = "";
  let record: readonly KnownEvent[] = [];
  beforeAll(async () => {
    system = await startSystem({ CLEW_MAX_CONCURRENT_RUNS: "1", CLEW_ALLOWED_HOSTS: "127.0.0.1" });
    const source = `id: short\nsteps:\n  - { action: goto, params: { url: "${system.backOffice.url}/login" } }\n  - { action: extract, selector: h1 }\n`;
    const run = await system.clew.createRun(system.spec(source));
    runId = run.id;
    await run.result();
    record = knownEvents(await readSse(system, runId));
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });

  type Read = (proxy: CuttingProxy) => Promise<Delivery>;
  const proxyTo = (target: string, fate: (connection: number) => Fate = () => ({})) => startCuttingProxy({ target: () => target, fate });
  const gateway = () => new URL(system.url).host;
  /** The first connection is cut there, the second a little later, the others not. */
  const cutAt = (place: number) => (connection: number) => (connection < 2 ? { cutAfterBytes: place + connection * 700 } : {});

  /** Sampled places of an answer of so many bytes: its first and last ones, and some between. */
  function places(count: number, whole: number, from = 1): number[] {
    const random = seededRandom(seed);
    const edges = [from, from + 1, from + 15, whole - 3, whole - 2, whole - 1];
    return [...edges, ...Array.from({ length: count - edges.length }, () => random.integer(from, whole - 1))];
  }

  /** Reads many times, some at once, each through a proxy that cuts at another place, and checks each. */
  async function checkAll(count: number, read: Read, { target = gateway(), together = 8 } = {}): Promise<void> {
    await using clean = await proxyTo(target);
    expect(checkDelivery(await read(clean), record)).toEqual([]);
    const whole = clean.bytes;
    const waiting = places(count, whole);
    let cut = 0;
    const worker = async () => {
      for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
        await using proxy = await proxyTo(target, cutAt(place));
        expect(checkDelivery(await read(proxy), record), `cut after byte ${place} of ${whole}, seed ${seed}`).toEqual([]);
        if (proxy.spoiled > 0) cut += 1;
      }
    };
    await Promise.all(Array.from({ length: together }, worker));
    // An answer's length varies by some bytes, and pages come over more connections or fewer: the last places may not be reached.
    expect(cut).toBeGreaterThan(count / 2);
  }

  it("after every third byte of a short run's answer is resumed at the SSE door, each event once", { timeout: 400_000 }, async () => {
    const run = await system.clew.createRun({ playbook: "hello", guardrails: { allowedPrivateHosts: ["127.0.0.1:4000"] } });
    await run.stop({ reason: "short enough" });
    await run.result();
    const all = knownEvents(await readSse(system, run.id));
    const door = doorOf("sse");
    /** What one connection tells, until it is over or breaks. */
    const listen = async (url: string, after: string): Promise<Connection> => {
      const told: Told[] = [];
      const ask = { runId: run.id, ...(after === "" ? {} : { after }), signal: AbortSignal.timeout(60_000) };
      try {
        for await (const one of door.follow({ url, orchestratorAddress: "" }, ask)) told.push(one);
      } catch {
        // It was cut.
      }
      return { after, told };
    };
    const isOver = ({ told }: Connection) => told.some(({ kind }) => kind === "end" || kind === "nothing");
    await using clean = await proxyTo(gateway());
    await listen(clean.url, "");
    const whole = clean.bytes;
    // Every byte in three days.
    let next = 1 + (seed % stride);
    let cut = 0;
    const takeNext = () => {
      const place = next;
      next += stride;
      return place;
    };
    const worker = async () => {
      let place = takeNext();
      await using proxy = await proxyTo(gateway(), () => ({ cutAfterBytes: place }));
      for (; place <= whole; place = takeNext()) {
        const connections = [await listen(proxy.url, "")];
        const token = connections[0]?.told.findLast((one) => "token" in one)?.token ?? "";
        if (!connections.some(isOver)) connections.push(await listen(system.url, token));
        const outcome = connections.some(isOver) ? "ended" : "reading";
        const delivery: Delivery = { reader: "sse", runId: run.id, types: [], connections, outcome };
        expect(checkDelivery(delivery, all), `cut after byte ${place} of ${whole}`).toEqual([]);
      }
      cut += proxy.spoiled;
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    process.stdout.write(`cut after every third of ${whole} bytes, from byte ${1 + (seed % stride)}\n`);
    // An answer's length varies by a few bytes.
    expect(cut).toBeGreaterThan(whole / stride - 20);
  });

  it.each(doors.map((door) => [door.name, door] as const))(
    "at sampled bytes is resumed at the %s door, each event once",
    async (_, door) => {
      const isGrpc = door.name === "grpc";
      const read: Read = (proxy) => {
        const at = { url: proxy.url, orchestratorAddress: proxy.address };
        return readStubbornly(door, at, { runId, signal: AbortSignal.timeout(60_000), pauseMs: 10 });
      };
      await checkAll(30, read, { target: isGrpc ? system.orchestratorAddress : gateway() });
    },
  );

  // They mostly wait, as long as the service asks them to: side by side they wait at the same time.
  it.concurrent.each<[string, number, ClientReader]>([
    ["@clew/client", 60, readWithClew("sse")],
    ["@clew/client over Connect", 30, readWithClew("connect")],
    ["npm eventsource", 30, readWithEventSource],
    ["npm eventsource-client", 30, readWithEventSourceClient],
  ])("at sampled bytes is resumed by %s, each event once", async (_, count, client) => {
    await checkAll(count, (proxy) => client(proxy.url, runId, AbortSignal.timeout(60_000)), { together: count });
  });

  it.concurrent("at sampled bytes is resumed by EventSource in Chromium, each event once", async () => {
    await using stack = new AsyncDisposableStack();
    const browser = await launchChromium();
    stack.defer(() => browser.close());
    await using clean = await proxyTo(gateway());
    const head = await headBytes(`${clean.url}/v1/runs/${runId}/stream`);
    const one = async (place: number) => {
      // The page itself comes whole: bytes are counted from the request for the stream. So does the answer's head: half a head is to
      // Chromium an answer without a type, and that is the end for an EventSource.
      await using proxy = await proxyTo(gateway(), (connection) => (connection < 3 ? { from: "/stream", cutAfterBytes: place } : {}));
      const page = await browser.newPage();
      await page.goto(proxy.url);
      const delivery: Delivery = { reader: "Chromium", runId, types: [], connections: [{ after: "", told: [] }], outcome: "reading" };
      for (const json of (await readInPage(page, runId)).lines) delivery.connections[0]?.told.push(toldEvent(json));
      delivery.outcome = "ended";
      await page.close();
      expect(checkDelivery(delivery, record), `cut after byte ${place}, seed ${seed}`).toEqual([]);
      expect(delivery.connections[0]?.told).toHaveLength(record.length);
      expect(proxy.spoiled).toBeGreaterThan(0);
    };
    await Promise.all(places(12, clean.bytes, head + 1).map(one));
  });

  it("is resumed after a silence when it is half open", async () => {
    await using frozen = await proxyTo(gateway(), (connection) => (connection === 0 ? { freezeAfterBytes: 5_000 } : {}));
    const delivery = await readStubbornly(
      doorOf("sse"),
      { url: frozen.url, orchestratorAddress: "" },
      { runId, signal: AbortSignal.timeout(60_000), silenceMs: 1_000 },
    );
    expect(checkDelivery(delivery, record)).toEqual([]);
    expect(delivery.connections.length).toBeGreaterThan(1);
  });

  it("is the same at every door when it is not", async () => {
    for (const door of doors) expect(await readerAt(door)(system, runId)).toEqual(record.map(({ json }) => json));
  });
});

function doorOf(name: string): Door {
  const [door] = doors.filter((each) => each.name === name);
  if (door === undefined) throw new Error(`there is no door ${name}`);
  return door;
}

/** How many bytes an answer's head has. */
async function headBytes(url: string): Promise<number> {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts).indexOf("\r\n\r\n") + 4;
}
