import type { Fault } from "@clew/client";
import { nameOption, nameOptions } from "./name-options.ts";
import { printable } from "./printable.ts";
import { shellWord } from "./shell-word.ts";
import { wayOut } from "./way-out.ts";

/** Where the command writes: lines for people, or one JSON object a line for programs. */
export interface Output {
  readonly json: boolean;
  /** Makes a command that works as it stands, for the gateway this one was given. */
  command(words: string): string;
  /** Writes a line for people; nothing in JSON mode. */
  say(line: string): void;
  /** Writes a remark for people beside the result, on standard error; nothing in JSON mode. */
  remark(line: string): void;
  /** Writes an object for programs; nothing otherwise. */
  emit(value: unknown): void;
  /** Says on standard error why the command failed, and what to do. */
  fail(fault: Fault): void;
}

/** Makes the output of one command; `url` is the gateway where its `--url` named one. */
export function createOutput(json: boolean, url?: string): Output {
  const write = (stream: NodeJS.WriteStream, line: string) => void stream.write(`${line}\n`);
  return {
    json,
    command: (words) => `npx clew ${words}${url === undefined ? "" : ` --url ${shellWord(url)}`}`,
    say: (line) => json || write(process.stdout, line),
    remark: (line) => json || write(process.stderr, line),
    emit: (value) => json && write(process.stdout, JSON.stringify(value)),
    fail(fault) {
      const { code, reason, message, retryable, details, violations } = fault;
      if (json)
        return write(process.stderr, JSON.stringify({ error: { code, reason, message, retryable, details: { ...details, violations } } }));
      const { requestId } = details;
      const asked = requestId === undefined ? "" : `, request ${printable(requestId)}`;
      // The message of several is that of the first.
      const isTold = violations.some((violation) => message.includes(violation.message));
      const [only] = violations.length === 1 && isTold ? violations : [];
      const head = isTold && violations.length > 1 ? `${violations.length} things are wrong.` : printable(message);
      // Where it says one field, that may be a plain word.
      const isField = only !== undefined && message === `${only.field}: ${only.message}`;
      write(process.stderr, `clew: ${isField ? lineOf(only) : nameOptions(head)} (${reason}${asked})`);
      for (const violation of only === undefined ? violations : []) write(process.stderr, `  ${lineOf(violation)}`);
      if (violations.length === 0 && reason !== "INVALID_REQUEST" && reason !== "GATEWAY_UNREACHABLE")
        write(process.stderr, `  ${printable(wayOut(reason, details) ?? "")}`);
    },
  };
}

function lineOf({ field, message }: Fault["violations"][number]): string {
  return `${nameOption(printable(field))}: ${nameOptions(printable(message))}`;
}
