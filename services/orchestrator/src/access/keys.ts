import { createHash, timingSafeEqual } from "node:crypto";
import { Fault } from "@clew/fault/fault";

/** Somebody who calls, as the orchestrator knows them. */
export interface Caller {
  readonly tenant: string;
  /** The key's name; empty without keys. */
  readonly key: string;
  /** Who acted through it, as a trusted service said. */
  readonly actor: string;
  /** Whether it may only read, as the gateway's own key. */
  readonly readOnly: boolean;
}

/** A key the operator configured, of which only its hash is kept. */
export interface ApiKey {
  readonly tenant: string;
  readonly name: string;
  /** SHA-256 of the key. */
  readonly hash: Buffer;
  readonly readOnly: boolean;
}

const anyone: Omit<Caller, "actor"> = { tenant: "default", key: "", readOnly: false };

/** Hashes a key for comparison. */
export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Decides who calls from an `authorization` header. Without keys, anyone is the default tenant. @throws Fault KEY_MISSING, KEY_INVALID. */
export function authenticate(keys: readonly ApiKey[], authorization: string | undefined, actor: string | undefined): Caller {
  const named = (actor ?? "").slice(0, 200);
  if (keys.length === 0) return { ...anyone, actor: named };
  if (authorization === undefined || authorization === "") throw new Fault("KEY_MISSING");
  const match = /^Bearer +(\S+)$/i.exec(authorization);
  const hash = hashKey(match?.[1] ?? "");
  const found = match === null ? undefined : keys.filter((key) => timingSafeEqual(key.hash, hash))[0];
  if (found === undefined) throw new Fault("KEY_INVALID");
  return { tenant: found.tenant, key: found.name, actor: named, readOnly: found.readOnly };
}
