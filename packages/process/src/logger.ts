import { type DestinationStream, type Logger, pino } from "pino";

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

/** Makes a logger: one JSON line a fact, with a constant message and its variables in fields. Secrets' usual names are masked. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    redact: {
      paths: ["authorization", "*.authorization", "credentials", "*.credentials", "secret", "*.secret", "password", "*.password"],
      censor: "[redacted]",
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
