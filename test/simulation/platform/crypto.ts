import { here } from "./machine.ts";

/** `node:crypto` with chance taken out of it: what it draws follows from the seed. */
export * from "node:crypto";

export function randomBytes(size: number): Buffer {
  const { random } = here().world;
  return Buffer.from(Array.from({ length: size }, () => random.whole(0, 255)));
}

export function randomUUID(): string {
  const hex = randomBytes(16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

export function randomUUIDv7(): string {
  const time = Math.floor(Date.now()).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
