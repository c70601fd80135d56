import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { startRelay } from "./relay.ts";

test("carries bytes both ways, one end at a time", async () => {
  await using folder = await tempFolder();
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
    });
    socket.on("end", () => socket.end(`heard ${heard}`));
  }).listen(join(folder.path, "far"));
  await once(echo, "listening");
  let port: number;
  {
    await using relay = await startRelay(join(folder.path, "far"));
    ({ port } = relay);
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("hello");
    expect(await text(socket)).toBe("heard hello");
  }
  await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toThrow();
  echo.close();
});

test("closes a connection that leads nowhere", async () => {
  await using folder = await tempFolder();
  await using relay = await startRelay(join(folder.path, "missing"));
  expect(await text(connect(relay.port, "127.0.0.1"))).toBe("");
});
