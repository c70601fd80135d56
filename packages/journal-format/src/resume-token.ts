import { Fault } from "@clew/fault/fault";

/**
 * A resume token is `c1.` and base64url of: run 4 │ epoch 4 │ sequence 4 │ chain 8 │ offset 6.
 * The run is a checksum of its id: it tells runs apart, it is no secret and gives no right.
 */

const PREFIX = "c1.";
const TOKEN_BYTES = 26;
const CHAIN_AT = 12;
const OFFSET_AT = 20;
/** How many characters a token has. */
export const TOKEN_CHARS = PREFIX.length + Math.ceil((TOKEN_BYTES * 8) / 6);

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
  return new ResumeTokens(runId, epoch).format(position);
}

/** The place a token tells, in a journal whose epoch is known. */
type TokenPlace = Omit<TokenFields, "epoch">;

/** Writes the tokens of one epoch of a run: there is one for each event a reader gets. */
export class ResumeTokens {
  readonly #bytes = Buffer.alloc(TOKEN_BYTES);
  readonly #text = Buffer.alloc(TOKEN_CHARS);

  constructor(runId: string, epoch: number) {
    this.#bytes.writeUInt32BE(runMark(runId), 0);
    this.#bytes.writeUInt32BE(epoch, 4);
  }

  /** Writes the token of a place as a text. */
  format(place: TokenPlace): string {
    this.write(place, this.#text, 0);
    return this.#text.toString("latin1");
  }

  /** Writes the token of a place into memory, at `at`: TOKEN_CHARS bytes. For texts so short a call out of JavaScript costs more than the work. */
  write({ sequence, chain, offset }: TokenPlace, into: Uint8Array, at: number): void {
    const bytes = this.#bytes;
    writeUint32(bytes, 8, sequence);
    for (let index = 0; index < chain.length; index += 1) bytes[CHAIN_AT + index] = chain[index] ?? 0;
    const high = Math.floor(offset / 2 ** 32);
    bytes[OFFSET_AT] = high >>> 8;
    bytes[OFFSET_AT + 1] = high;
    writeUint32(bytes, OFFSET_AT + 2, offset);
    for (let index = 0; index < PREFIX.length; index += 1) into[at++] = PREFIX.charCodeAt(index);
    for (let index = 0; index < TOKEN_BYTES; index += 3) {
      const three = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
      into[at++] = letters[three >>> 18] ?? 0;
      into[at++] = letters[(three >>> 12) & 63] ?? 0;
      into[at++] = letters[(three >>> 6) & 63] ?? 0;
      // The last group has two bytes only.
      if (index + 2 < TOKEN_BYTES) into[at++] = letters[three & 63] ?? 0;
    }
  }
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}

/** The letters of base64url, by their value. */
const letters = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", "latin1");

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
