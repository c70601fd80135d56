import { isUtf8 } from "node:buffer";
import { createRedact } from "@clew/playbook/redact";
import { withoutPasswords } from "./without-passwords.ts";

/** Takes secrets out of what a browser left. */
export interface Scrub {
  /** Masks a line of JSON, in all its texts and keys, at any depth; a line that is no JSON as a text. */
  line(json: string): string;
  /** Masks a text. */
  text(text: string): string;
  /** Masks bytes that are text; answers other bytes as they are, or nothing where they hold a secret. */
  bytes(bytes: Buffer): Buffer | undefined;
}

/** What lets in whoever shows it, whether it is known to be a secret or not. */
const headerNames = /^(?:cookie|set-cookie|authorization|proxy-authorization)$/i;

/** A header as a line of a log says it. */
const headerLines = /^(\s*(?:cookie|set-cookie|authorization|proxy-authorization): ).+$/gim;

const redacted = "[redacted]";

/** Makes what takes these secrets out, from lines of JSON every cookie and what authorizes a request, what pages' password fields hold, and what calls of a trace were answered. */
export function createScrub(secrets: readonly string[]): Scrub {
  const mask = createRedact(secrets);
  const find = createRedact(secrets.flatMap((secret) => [secret, ...inBytes(secret)]));
  return {
    line(json) {
      try {
        return JSON.stringify(maskTexts(withoutAnswer(JSON.parse(json)), mask));
      } catch {
        return mask(json);
      }
    },
    text: (text) => mask(text),
    bytes(bytes) {
      if (isUtf8(bytes)) return Buffer.from(mask(withoutPasswords(bytes.toString("utf8"))));
      const text = bytes.toString("latin1");
      return find(text) === text ? bytes : undefined;
    },
  };
}

/** A line of a trace that ends a call, without what the page answered: that may be what a password field holds, and does not say so. */
function withoutAnswer(line: unknown): unknown {
  const isEnd = typeof line === "object" && line !== null && "type" in line && line.type === "after" && "callId" in line;
  return isEnd ? { ...line, result: undefined } : line;
}

/** How a secret may be written in bytes that are no text, read as Latin-1. */
function inBytes(secret: string): readonly string[] {
  return [Buffer.from(secret).toString("latin1"), Buffer.from(secret, "utf16le").toString("latin1")];
}

/** No field is spared, whatever its name: the page chose what stands there. */
function maskTexts(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(withoutPasswords(value).replaceAll(headerLines, `$1${redacted}`));
  if (typeof value === "number") return mask(String(value)) === String(value) || !Number.isInteger(value) ? value : mask(String(value));
  if (Array.isArray(value)) return value.map((entry) => maskTexts(entry, mask));
  if (value === null || typeof value !== "object") return value;
  const isHeader = "name" in value && typeof value.name === "string" && headerNames.test(value.name);
  const isPassword = "type" in value && typeof value.type === "string" && /^password$/i.test(value.type);
  const maskField = (name: string, entry: unknown) => {
    if (typeof entry === "string" && (headerNames.test(name) || (isHeader && name === "value"))) return redacted;
    if (isPassword && /^(?:value|__playwright_value_)$/.test(name)) return redacted;
    return name === "cookies" && Array.isArray(entry)
      ? entry.map((cookie) => maskTexts(withoutValue(cookie), mask))
      : maskTexts(entry, mask);
  };
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [mask(name), maskField(name, entry)]));
}

/** A cookie as a list of them has it. */
function withoutValue(cookie: unknown): unknown {
  return typeof cookie === "object" && cookie !== null && "value" in cookie ? { ...cookie, value: redacted } : cookie;
}
