import { Fault } from "@clew/fault/fault";
import { limits } from "../runs/limits.ts";
import type { Caller } from "./caller.ts";
import { type ApiKey, findKey, hasEnded, isOpen } from "./keys.ts";
import { type Right, rights, type Subject } from "./rights.ts";
import { isTicket, parseTicket, type SignTicket } from "./ticket.ts";

/** What callers are told apart by. */
export interface Credentials {
  readonly keys: readonly ApiKey[];
  readonly signTicket: SignTicket;
}

const everySubject: ReadonlySet<Subject> = new Set<Subject>(["run", "artifact", "tenant"]);
const runSubjects: ReadonlySet<Subject> = new Set<Subject>(["run", "artifact"]);
const everyType: ReadonlySet<string> = new Set();

/**
 * Decides who calls from an `authorization` header, which holds a key or a ticket (`Bearer`), or what is said to be a ticket (`Ticket`). Where no API keys
 * are configured, whoever shows neither is the default tenant.
 *
 * @throws Fault KEY_MISSING, KEY_INVALID, KEY_EXPIRED, TICKET_INVALID or TICKET_EXPIRED.
 */
export function authenticate(
  { keys, signTicket }: Credentials,
  authorization: string | undefined,
  actor: string | undefined,
  nowMs: number,
): Caller {
  const named = (actor ?? "").slice(0, limits.actorChars);
  const ticket = /^Ticket(?: +(.*))?$/i.exec(authorization ?? "");
  // Said to be one: whatever it is, nobody is let in for something else.
  if (ticket !== null) return callerOfTicket(ticket[1] ?? "", { keys, signTicket }, nowMs);
  const shown = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const key = shown === undefined ? undefined : findKey(keys, shown);
  if (key !== undefined) {
    if (hasEnded(key, nowMs)) throw new Fault("KEY_EXPIRED");
    const { tenant, name, isService } = key;
    return {
      tenant,
      key: name,
      keyId: idOf(key, signTicket),
      actor: named,
      rights: key.rights,
      subjects: isService ? runSubjects : everySubject,
      reach: isService ? "everything" : "tenant",
      types: everyType,
    };
  }
  if (shown !== undefined && isTicket(shown)) return callerOfTicket(shown, { keys, signTicket }, nowMs);
  if (isOpen(keys))
    return {
      tenant: "default",
      key: "",
      keyId: "",
      actor: named,
      rights: new Set(rights),
      subjects: everySubject,
      reach: "tenant",
      types: everyType,
    };
  throw new Fault(authorization === undefined || authorization === "" ? "KEY_MISSING" : "KEY_INVALID");
}

/** A ticket holds as long as the key that made it: one that is gone, has ended or may no longer read takes its tickets along. */
function callerOfTicket(shown: string, { keys, signTicket }: Credentials, nowMs: number): Caller {
  const { tenant, maker, runs, types, artifacts, expireTimeMs } = parseTicket(shown, signTicket);
  const holds = (key: ApiKey) =>
    key.tenant === tenant && key.rights.has("read") && !hasEnded(key, nowMs) && idOf(key, signTicket) === maker;
  if (maker === "" ? !isOpen(keys) : !keys.some(holds))
    throw new Fault("TICKET_INVALID", { message: "The key that this ticket was made with has ended." });
  if (nowMs >= expireTimeMs) throw new Fault("TICKET_EXPIRED");
  const subjects: Subject[] = artifacts ? ["run", "artifact"] : ["run"];
  return {
    tenant,
    key: "",
    keyId: maker,
    actor: "",
    rights: new Set<Right>(["read"]),
    subjects: new Set(subjects),
    reach: new Set(runs),
    types: new Set(types),
  };
}

/** Under the volume's key, so that a ticket gives nobody anything to guess a weak key by. */
function idOf({ hash }: ApiKey, signTicket: SignTicket): string {
  return signTicket(`key ${hash.toString("hex")}`).slice(0, 16);
}
