import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SseResponse, type SseResponseOptions } from "./sse-response.ts";

let server: Server;
let reader: Socket;
let raw: ServerResponse;
let room: number;
let stalls: number;
let close: () => void;
const chunks: string[] = [];
const body = () => chunks.join("").split("\r\n\r\n").slice(1).join("");

beforeEach(async () => {
  chunks.length = 0;
  room = 0;
  stalls = 0;
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  reader = connect((server.address() as AddressInfo).port, "127.0.0.1");
  reader.setEncoding("latin1").on("data", (text) => chunks.push(String(text)));
  reader.on("error", () => {});
  raw = await ask();
  close = () => {
    reader.destroy();
    server.close();
  };
});
afterEach(() => close());

async function ask(): Promise<ServerResponse> {
  const asked = new Promise<ServerResponse>((resolve) => server.once("request", (_request, response) => resolve(response)));
  reader.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  return await asked;
}

/** Begins the response as its door does. */
function begin(options: Partial<SseResponseOptions> = {}): SseResponse {
  raw.useChunkedEncodingByDefault = false;
  raw.writeHead(200, { connection: "close" });
  const onRoom = () => {
    room += 1;
  };
  const onStall = () => {
    stalls += 1;
  };
  const response = new SseResponse(raw, { onRoom, onStall, stallMs: 60_000, ...options });
  response.write("first ");
  return response;
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("sends what is written in one turn together, in order, and what comes in another after it", async () => {
  const response = begin();
  await vi.waitFor(() => expect(body()).toBe("first "));
  const before = chunks.length;
  for (let n = 0; n < 100; n += 1) response.write(`${n} `);
  await vi.waitFor(() => expect(body()).toContain("99 "));
  expect(chunks.length).toBe(before + 1);
  await nextTurn();
  response.write("more ");
  response.end("last");
  await new Promise((resolve) => reader.once("end", resolve));
  expect(body()).toBe(`first ${Array.from({ length: 100 }, (_, n) => `${n} `).join("")}more last`);
});

test("writes for many readers in one turn, each its own", async () => {
  const response = begin();
  const others = Array.from({ length: 200 }, () => ({ flush: vi.fn() }));
  const { flushAtTurnEnd } = await import("./flush-at-turn-end.ts");
  for (const other of others) flushAtTurnEnd(other);
  response.write("mine");
  await vi.waitFor(() => expect(body()).toBe("first mine"));
  for (const { flush } of others) expect(flush).toHaveBeenCalledOnce();
});

test("has no room for more than its socket takes in one turn, and has it again when that is on its way", async () => {
  const response = begin();
  await vi.waitFor(() => expect(body()).toBe("first "));
  const { writableHighWaterMark: most = 0 } = raw.socket ?? {};
  expect(most).toBeGreaterThan(0);
  response.write(Buffer.alloc(most - 1, "a"));
  expect(response.hasRoom).toBe(true);
  response.write("b");
  expect(response.hasRoom).toBe(false);
  expect(room).toBe(0);
  await vi.waitFor(() => expect(response.hasRoom).toBe(true));
  expect(room).toBe(1);
});

test("disconnects a reader who takes nothing while bytes wait, and no reader who only has nothing to take", async () => {
  const response = begin({ stallMs: 100 });
  await vi.waitFor(() => expect(body()).toBe("first "));
  reader.pause();
  for (let n = 0; n < 1_000 && response.hasRoom; n += 1) {
    response.write(Buffer.alloc(256 * 1024));
    await nextTurn();
  }
  expect(response.hasRoom).toBe(false);
  await vi.waitFor(() => expect(stalls).toBe(1));
  await vi.waitFor(() => expect(() => response.write("late")).toThrow());
});

test("waits longer than that for what is to be said", async () => {
  const response = begin({ stallMs: 20 });
  const closed = vi.fn();
  raw.on("close", closed);
  await vi.waitFor(() => expect(body()).toBe("first "));
  response.write(Buffer.alloc(1024 * 1024, "x"));
  await vi.waitFor(() => expect(body()).toHaveLength("first ".length + 1024 * 1024));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([stalls, closed.mock.calls.length]).toEqual([0, 0]);
  response.end("last");
  await vi.waitFor(() => expect(body()).toMatch(/last$/));
});

test("waits for its turn where it was asked for before another answer on its connection was given", async () => {
  const other = raw;
  raw = await ask();
  const response = begin();
  response.write("second ");
  await nextTurn();
  response.write("third");
  response.end();
  expect(chunks).toEqual([]);
  other.end("the other");
  await new Promise((resolve) => reader.once("end", resolve));
  expect(body()).toMatch(/^the other.*first second third$/s);
});
