import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { startRelay } from "./relay.ts";

test("carries bytes both ways, one end at a time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clew-relay-"));
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("end", () => socket.end(`heard ${heard}`));
  });
  echo.listen(join(folder, "far"));
  await once(echo, "listening");
  {
    await using _relay = await startRelay({ from: { path: join(folder, "near") }, to: { path: join(folder, "far") } });
    const socket = connect({ path: join(folder, "near"), allowHalfOpen: true });
    socket.end("hello");
    expect(await text(socket)).toBe("heard hello");
  }
  await expect(once(connect(join(folder, "near")), "connect")).rejects.toThrow();
  echo.close();
  await rm(folder, { recursive: true });
});

test("closes a connection that leads nowhere", async () => {
  const folder = await mkdtemp(join(tmpdir(), "clew-relay-"));
  await using _relay = await startRelay({ from: { path: join(folder, "near") }, to: { path: join(folder, "missing") } });
  const socket = connect(join(folder, "near"));
  expect(await text(socket)).toBe("");
  await rm(folder, { recursive: true });
});
