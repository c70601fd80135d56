import { Socket } from "node:net";
import { expect, test } from "vitest";
import { FarConnections } from "./far-connections.ts";

test("has no more connections than it may, those that are being opened among them, and room again when one is closed", async () => {
  using connections = new FarConnections(2);
  const opening = Promise.withResolvers<Socket>();
  const first = await connections.add(async () => new Socket());
  const second = connections.add(() => opening.promise);
  await expect(connections.add(async () => new Socket())).rejects.toMatchObject({ code: "TOO_MANY_CONNECTIONS" });
  first.destroy();
  await connections.add(async () => new Socket());
  opening.reject(new Error("refused"));
  await expect(second).rejects.toThrow("refused");
  await connections.add(async () => new Socket());
  expect(connections.isFull).toBe(true);
});

test("what is opened after the end is closed at once", async () => {
  const connections = new FarConnections(2);
  const opening = Promise.withResolvers<Socket>();
  const late = connections.add(() => opening.promise);
  connections[Symbol.dispose]();
  const socket = new Socket();
  opening.resolve(socket);
  await expect(late).rejects.toMatchObject({ code: "CLOSED" });
  expect(socket.destroyed).toBe(true);
});
