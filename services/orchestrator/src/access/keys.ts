import { createHash, timingSafeEqual } from "node:crypto";
import type { Right } from "./rights.ts";

/** A key the operator configured, of which only its hash is kept. */
export interface ApiKey {
  readonly tenant: string;
  readonly name: string;
  /** SHA-256 of the key. */
  readonly hash: Buffer;
  readonly rights: ReadonlySet<Right>;
  /** Whether it is a gateway's: it reads runs of every tenant for the gateway's readers, and does nothing else. */
  readonly isService: boolean;
  /** When it ends, in milliseconds since the epoch; undefined: never. */
  readonly expireTimeMs: number | undefined;
}

/** Hashes a key for comparison. */
export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Makes a gateway's own key. */
export function serviceKey(key: string): ApiKey {
  return {
    tenant: "default",
    name: "service",
    hash: hashKey(key),
    rights: new Set<Right>(["read"]),
    isService: true,
    expireTimeMs: undefined,
  };
}

/** Finds the key somebody shows, without telling by its time how near they were. */
export function findKey(keys: readonly ApiKey[], shown: string): ApiKey | undefined {
  const hash = hashKey(shown);
  return keys.filter((key) => timingSafeEqual(key.hash, hash))[0];
}

/** Whether anyone may call: no key but a gateway's own is configured. */
export function isOpen(keys: readonly ApiKey[]): boolean {
  return keys.every(({ isService }) => isService);
}

/** Whether a key's time is over. */
export function hasEnded({ expireTimeMs }: Pick<ApiKey, "expireTimeMs">, nowMs: number): boolean {
  return expireTimeMs !== undefined && nowMs >= expireTimeMs;
}
