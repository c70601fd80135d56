import { timingSafeEqual } from "node:crypto";
import { Fault } from "@clew/fault/fault";
import { z } from "zod";

/** A short right to read some runs, made by the orchestrator for somebody who has no key. */
export interface Ticket {
  readonly tenant: string;
  /** Which key it was made with: a ticket ends with it. Empty where it was made without. */
  readonly maker: string;
  readonly runs: readonly string[];
  /** The only events it shows; all of them where empty. */
  readonly types: readonly string[];
  /** Whether it shows artifacts too. */
  readonly artifacts: boolean;
  /** In milliseconds since the epoch. */
  readonly expireTimeMs: number;
}

/** Signs a text with a key that only the volume's holder has. */
export type SignTicket = (text: string) => string;

const prefix = "clewt2.";

const content = z.tuple([z.number(), z.string(), z.string(), z.array(z.string()), z.array(z.string()), z.boolean()]);

/** Whether a text is meant to be a ticket, whoever made it. */
export function isTicket(text: string): boolean {
  return text.startsWith(prefix);
}

/** Writes a ticket: what it allows, and the proof that we wrote it. About 55 characters a run. */
export function formatTicket({ expireTimeMs, tenant, maker, runs, types, artifacts }: Ticket, sign: SignTicket): string {
  const allowed: z.output<typeof content> = [expireTimeMs, tenant, maker, [...runs], [...types], artifacts];
  const body = `${prefix}${Buffer.from(JSON.stringify(allowed)).toString("base64url")}`;
  return `${body}.${sign(body)}`;
}

/** Reads a ticket back, also one whose time is over. @throws Fault TICKET_INVALID where we did not write it. */
export function parseTicket(text: string, sign: SignTicket): Ticket {
  const dot = text.lastIndexOf(".");
  const body = text.slice(0, dot);
  if (!isTicket(body) || !isSame(text.slice(dot + 1), sign(body))) throw new Fault("TICKET_INVALID");
  const [expireTimeMs, tenant, maker, runs, types, artifacts] = content.parse(
    JSON.parse(Buffer.from(body.slice(prefix.length), "base64url").toString()),
  );
  return { expireTimeMs, tenant, maker, runs, types, artifacts };
}

function isSame(shown: string, proof: string): boolean {
  const [a, b] = [Buffer.from(shown), Buffer.from(proof)];
  return a.length === b.length && timingSafeEqual(a, b);
}
