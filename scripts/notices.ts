import { parseLogLine } from "./service-process.ts";

type Notice = (fields: Readonly<Record<string, unknown>>) => string;

/** What a person at the terminal is told of the services' logs whatever its level, by the log's message. */
const notices: ReadonlyMap<string, Notice> = new Map<string, Notice>([
  [
    "waiting for the volume, which another process holds",
    ({ holder }) => `Waiting for the volume, which process ${holder} holds; at most 30 s. Stop that Clew, or set another CLEW_VOLUME.`,
  ],
  ["queued runs were found", ({ queued }) => `Queued runs found on the volume: ${queued}. They begin as places are free.`],
  [
    "queued runs stay queued",
    ({ queued }) => `Queued runs that stay queued and begin at the next start: ${queued}. Then npx clew stop RUN ends one.`,
  ],
]);

/** Says a line of a service's log in words where it is one that a person should hear; undefined otherwise. */
export function toNotice(line: string): string | undefined {
  const entry = parseLogLine(line);
  return entry && notices.get(entry.msg)?.(entry.fields);
}
