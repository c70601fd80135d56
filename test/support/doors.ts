import { restDoor, sseDoor } from "./http-doors.ts";
import type { Door, Doorway } from "./told.ts";
import { connectDoor, grpcDoor, grpcWebDoor } from "./typed-doors.ts";

/** The five doors. */
export const doors: readonly Door[] = [grpcDoor, connectDoor, grpcWebDoor, sseDoor, restDoor];

/** Reads all events of a run to its end over one connection, each as the JSON text of PROTOCOL.md 3.1. */
export type ReadAll = (at: Doorway, runId: string) => Promise<readonly string[]>;

/** Makes the reader of a door. It throws where the stream closes without an end. */
export function readerAt(door: Door): ReadAll {
  return async (at, runId) => {
    const lines: string[] = [];
    for await (const told of door.follow(at, { runId, signal: AbortSignal.timeout(60_000) })) {
      if (told.kind === "event") lines.push(told.json);
      if (told.kind === "end") return lines;
    }
    throw new Error(`the stream at the ${door.name} door closed without an end`);
  };
}

/** Server-sent events, raw. */
export const readSse = readerAt(sseDoor);

/** REST, as one event a line. */
export const readLines: ReadAll = async ({ url }, runId) => {
  const response = await fetch(`${url}/v1/runs/${runId}/events?limit=1000`, {
    headers: { accept: "application/x-ndjson" },
    signal: AbortSignal.timeout(60_000),
  });
  return (await response.text()).split("\n").filter((line) => line !== "");
};
