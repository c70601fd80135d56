import { type DestinationStream, type Logger, pino, stdSerializers } from "pino";

export type { Logger } from "pino";

/** What a logger says of itself, and what it leaves out. */
export interface LoggerOptions {
  /** The process's name. */
  readonly name: string;
  /** The least grave level written: `trace` to `fatal`, or `silent`. */
  readonly level: string;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Makes a logger: one JSON line a fact, with a constant message and its variables in fields. Secrets' usual names are masked; errors in `err` and `error` are written with their stack. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    // An Error has no fields of its own to be written: it must be told what it says of itself.
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    redact: {
      paths: ["authorization", "*.authorization", "credentials", "*.credentials", "secret", "*.secret", "password", "*.password"],
      censor: "[redacted]",
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
