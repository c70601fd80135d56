import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SseResponse, type SseResponseOptions } from "./sse-response.ts";
import { type Gathering, TurnEnd } from "./turn-end.ts";

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
function begin(options: Partial<Pick<SseResponseOptions, "stallMs" | "turnEnd">> = {}): SseResponse {
  raw.useChunkedEncodingByDefault = false;
  raw.writeHead(200, { connection: "close" });
  const onRoom = () => {
    room += 1;
  };
  const onStall = () => {
    stalls += 1;
  };
  const response = new SseResponse(raw, { onRoom, onStall, stallMs: 60_000, turnEnd: new TurnEnd(), ...options });
  response.write("first ");
  return response;
}

/** Waits until what this turn of the event loop has put off is done. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

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

test("goes out with those of 63 other readers at the latest, each with its own", async () => {
  const turnEnd = new TurnEnd();
  const response = begin({ turnEnd });
  await vi.waitFor(() => expect(body()).toBe("first "));
  const flush = vi.fn<Gathering["flush"]>();
  const sent = raw.socket?.bytesWritten ?? 0;
  response.write("mine");
  for (let n = 1; n < 63; n += 1) turnEnd.flush({ flush });
  expect([flush.mock.calls.length, raw.socket?.bytesWritten]).toEqual([0, sent]);
  turnEnd.flush({ flush });
  expect([flush.mock.calls.length, raw.socket?.bytesWritten]).toEqual([63, sent + "mine".length]);
  turnEnd.flush({ flush });
  await nextTurn();
  expect(flush).toHaveBeenCalledTimes(64);
  await vi.waitFor(() => expect(body()).toBe("first mine"));
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

/** Writes until the reader, who takes nothing, has no more room. */
async function fill(response: SseResponse): Promise<void> {
  reader.pause();
  for (let n = 0; n < 1_000 && response.hasRoom; n += 1) {
    response.write(Buffer.alloc(256 * 1024));
    await nextTurn();
  }
  expect(response.hasRoom).toBe(false);
}

test("counts what its socket has not sent yet to what it has no room for", async () => {
  const response = begin();
  await vi.waitFor(() => expect(body()).toBe("first "));
  await fill(response);
  const { socket } = raw;
  if (socket === null) throw new Error("There is no socket.");
  reader.resume();
  // Of what waits all is sent but a part, as where a reader is a little slower than its run.
  await vi.waitFor(() => expect(response.hasRoom).toBe(true), { interval: 1 });
  reader.pause();
  const part = Math.floor(socket.writableHighWaterMark / 4);
  for (let n = 0; n < 4_000 && socket.writableLength === 0; n += 1) {
    response.write(Buffer.alloc(part));
    await nextTurn();
  }
  expect(socket.writableLength).toBeGreaterThan(0);
  for (let n = 0; n < 4; n += 1) if (response.hasRoom) response.write(Buffer.alloc(part));
  expect(response.hasRoom).toBe(false);
  await nextTurn();
  expect(socket.writableLength).toBeLessThan(socket.writableHighWaterMark + part);
});

test("makes no room for a reader who left", async () => {
  const response = begin();
  await vi.waitFor(() => expect(body()).toBe("first "));
  const most = raw.socket?.writableHighWaterMark ?? 0;
  raw.socket?.destroy();
  response.write(Buffer.alloc(most));
  expect(response.hasRoom).toBe(false);
  await nextTurn();
  expect([response.hasRoom, room]).toEqual([false, 0]);
  expect(() => response.write("late")).toThrow();
});

test("disconnects a reader who takes nothing while bytes wait", async () => {
  const response = begin({ stallMs: 100 });
  await vi.waitFor(() => expect(body()).toBe("first "));
  await fill(response);
  await vi.waitFor(() => expect(stalls).toBe(1), 10_000);
  await vi.waitFor(() => expect(() => response.write("late")).toThrow());
});

test("keeps a reader for whom nothing waits, and counts anew when something does", async () => {
  const response = begin({ stallMs: 500 });
  const timeouts = vi.fn();
  raw.on("timeout", timeouts);
  await vi.waitFor(() => expect(body()).toBe("first "));
  await fill(response);
  reader.resume();
  await vi.waitFor(() => expect(timeouts).toHaveBeenCalled(), 10_000);
  expect([stalls, raw.destroyed]).toEqual([0, false]);
  await fill(response);
  await vi.waitFor(() => expect(stalls).toBe(1), 10_000);
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
