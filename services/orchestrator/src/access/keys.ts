import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller, Right } from "./caller.ts";

/** A key the operator configured, of which only its hash is kept. */
export interface ApiKey {
  readonly tenant: string;
  readonly name: string;
  /** SHA-256 of the key. */
  readonly hash: Buffer;
  readonly role: KeyRole;
}

/** What a key is for: all its tenant may do, to read all its tenant has, or to read runs of every tenant for a gateway's readers. */
export type KeyRole = "full" | "reader" | "service";

const rights = {
  full: new Set(["readRun", "readArtifact", "readTenant", "write", "answer"]),
  reader: new Set(["readRun", "readArtifact", "readTenant"]),
  service: new Set(["readRun", "readArtifact"]),
} as const satisfies Record<KeyRole, ReadonlySet<Right>>;

const allTypes: ReadonlySet<string> = new Set();

/** Hashes a key for comparison. */
export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Finds the key somebody shows, without telling by its time how near they were. */
export function findKey(keys: readonly ApiKey[], shown: string): ApiKey | undefined {
  const hash = hashKey(shown);
  return keys.filter((key) => timingSafeEqual(key.hash, hash))[0];
}

/** Whether anyone may call: no key but a gateway's own is configured. */
export function isOpen(keys: readonly ApiKey[]): boolean {
  return keys.every(({ role }) => role === "service");
}

/** What the holder of a key may do. */
export function callerOfKey({ tenant, name, role }: Pick<ApiKey, "tenant" | "name" | "role">, actor: string): Caller {
  return { tenant, key: name, actor, rights: rights[role], reach: role === "service" ? "everything" : "tenant", types: allTypes };
}
