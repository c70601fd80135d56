import { Fault } from "@clew/fault/fault";

/**
 * A resume token is `c1.` and base64url of: run 4 │ epoch 4 │ sequence 4 │ chain 8 │ offset 6.
 * The run is a checksum of its id: it tells runs apart, it is no secret and gives no right.
 */

const PREFIX = "c1.";
const TOKEN_BYTES = 26;
const CHAIN_AT = 12;
const OFFSET_AT = 20;

/** What a token says: the journal's incarnation, a sequence, and the evidence that the reader's history is the journal's. */
export interface TokenFields {
  readonly epoch: number;
  readonly sequence: number;
  /** The chain up to and including that record, eight bytes. */
  readonly chain: Uint8Array;
  /** Where that record begins in the journal's file; for sequence 0, where the file header ends. */
  readonly offset: number;
}

/** What a reader asks for. */
export type ParsedPosition =
  | { readonly kind: "start" }
  | { readonly kind: "now" }
  | { readonly kind: "sequence"; readonly sequence: number }
  | ({ readonly kind: "token" } & TokenFields);

/** Writes the token that means: I have everything up to and including this event. */
export function formatResumeToken({ runId, epoch, ...position }: TokenFields & { readonly runId: string }): string {
  return resumeTokensOf(runId, epoch)(position);
}

/** Makes what writes the tokens of one epoch of a run: there is one for each event a reader gets. */
export function resumeTokensOf(runId: string, epoch: number): (position: Omit<TokenFields, "epoch">) => string {
  const bytes = Buffer.alloc(TOKEN_BYTES);
  bytes.writeUInt32BE(runMark(runId), 0);
  bytes.writeUInt32BE(epoch, 4);
  return ({ sequence, chain, offset }) => {
    bytes.writeUInt32BE(sequence, 8);
    bytes.set(chain, CHAIN_AT);
    bytes.writeUIntBE(offset, OFFSET_AT, 6);
    return PREFIX + bytes.toString("base64url");
  };
}

/**
 * Reads what a reader sent as his position: nothing, `now`, a plain decimal sequence, or a token.
 * Throws TOKEN_MALFORMED for anything else and TOKEN_OF_ANOTHER_RUN for a token of another run.
 */
export function parsePosition(text: string, runId: string): ParsedPosition {
  if (text === "") return { kind: "start" };
  if (text === "now") return { kind: "now" };
  if (/^[0-9]{1,15}$/.test(text)) return { kind: "sequence", sequence: Number(text) };
  const bytes = text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64url") : undefined;
  // Node decodes leniently; only what we would have written ourselves is a token.
  if (bytes?.length !== TOKEN_BYTES || bytes.toString("base64url") !== text.slice(PREFIX.length)) throw new Fault("TOKEN_MALFORMED");
  if (bytes.readUInt32BE(0) !== runMark(runId)) throw new Fault("TOKEN_OF_ANOTHER_RUN");
  return {
    kind: "token",
    epoch: bytes.readUInt32BE(4),
    sequence: bytes.readUInt32BE(8),
    chain: new Uint8Array(bytes.subarray(CHAIN_AT, OFFSET_AT)),
    offset: bytes.readUIntBE(OFFSET_AT, 6),
  };
}

// FNV-1a, https://datatracker.ietf.org/doc/draft-eastlake-fnv/
function runMark(runId: string): number {
  let mark = 0x811c9dc5;
  for (let index = 0; index < runId.length; index++) mark = Math.imul(mark ^ runId.charCodeAt(index), 0x01000193);
  return mark >>> 0;
}
