import { isUtf8 } from "node:buffer";
import { createRedact } from "@clew/playbook/redact";

/** Takes secrets out of what a browser left. */
export interface Scrub {
  /** Masks a line of JSON, in all its texts and keys, at any depth; a line that is no JSON as a text. */
  line(json: string): string;
  /** Masks a text. */
  text(text: string): string;
  /** Masks bytes that are text; answers other bytes as they are, or nothing where they hold a secret. */
  bytes(bytes: Buffer): Buffer | undefined;
}

/** Makes what takes these secrets out. Without any, all stays as it is. */
export function createScrub(secrets: readonly string[]): Scrub {
  if (secrets.length === 0) return { line: (json) => json, text: (text) => text, bytes: (bytes) => bytes };
  const mask = createRedact(secrets);
  const find = createRedact(secrets.flatMap((secret) => [secret, ...inBytes(secret)]));
  return {
    line(json) {
      try {
        return JSON.stringify(maskTexts(JSON.parse(json), mask));
      } catch {
        return mask(json);
      }
    },
    text: (text) => mask(text),
    bytes(bytes) {
      if (isUtf8(bytes)) return Buffer.from(mask(bytes.toString("utf8")));
      const text = bytes.toString("latin1");
      return find(text) === text ? bytes : undefined;
    },
  };
}

/** How a secret may be written in bytes that are no text, read as Latin-1. */
function inBytes(secret: string): readonly string[] {
  return [Buffer.from(secret).toString("latin1"), Buffer.from(secret, "utf16le").toString("latin1")];
}

/** No field is spared, whatever its name: the page chose what stands there. */
function maskTexts(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (typeof value === "number") return mask(String(value)) === String(value) || !Number.isInteger(value) ? value : mask(String(value));
  if (Array.isArray(value)) return value.map((entry) => maskTexts(entry, mask));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [mask(name), maskTexts(entry, mask)]));
}
