import { Fault } from "@clew/fault/fault";
import { limits } from "../runs/limits.ts";
import type { Caller, Right } from "./caller.ts";
import { type ApiKey, callerOfKey, findKey, isOpen } from "./keys.ts";
import { isTicket, parseTicket, type SignTicket } from "./ticket.ts";

/** What callers are told apart by. */
export interface Credentials {
  readonly keys: readonly ApiKey[];
  readonly signTicket: SignTicket;
}

const anyone = { tenant: "default", name: "", role: "full" } as const;

/**
 * Decides who calls from an `authorization` header, which holds a key or a ticket. Where no API keys are configured,
 * whoever shows neither is the default tenant.
 *
 * @throws Fault KEY_MISSING, KEY_INVALID, TICKET_INVALID or TICKET_EXPIRED.
 */
export function authenticate(
  { keys, signTicket }: Credentials,
  authorization: string | undefined,
  actor: string | undefined,
  nowMs: number,
): Caller {
  const named = (actor ?? "").slice(0, limits.actorChars);
  const shown = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const key = shown === undefined ? undefined : findKey(keys, shown);
  if (key !== undefined) return callerOfKey(key, named);
  if (shown !== undefined && isTicket(shown)) return callerOfTicket(shown, signTicket, nowMs);
  if (isOpen(keys)) return callerOfKey(anyone, named);
  throw new Fault(authorization === undefined || authorization === "" ? "KEY_MISSING" : "KEY_INVALID");
}

function callerOfTicket(shown: string, signTicket: SignTicket, nowMs: number): Caller {
  const { tenant, runs, types, artifacts } = parseTicket(shown, signTicket, nowMs);
  const rights: Right[] = artifacts ? ["readRun", "readArtifact"] : ["readRun"];
  return { tenant, key: "", actor: "", rights: new Set(rights), reach: new Set(runs), types: new Set(types) };
}
