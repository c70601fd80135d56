import { parsePosition } from "@clew/journal-format/resume-token";
import { happened, logOf, type Property, wanted } from "./property.ts";

/** P5: the first event that a connection brings is the very next one after the position it was opened with; with `now`, after the one it was greeted with. */
export const resumable: Property = (history) =>
  history.readers.flatMap(({ name, run, types }) => {
    const log = logOf(history, run);
    const all = wanted(log, types);
    return happened(history, "opened")
      .filter(({ reader }) => reader === name)
      .flatMap(({ connection, after }) => {
        const frames = happened(history, "frame").filter((frame) => frame.reader === name && frame.connection === connection);
        const position = parsePosition(after, log?.runId ?? "");
        const greeting = frames.flatMap(({ frame }) => (frame.kind === "hello" ? (frame.sequence ?? 0) : []))[0];
        const last = after === "now" ? greeting : "sequence" in position ? position.sequence : 0;
        if (last === undefined) return [];
        const brought = frames.flatMap(({ frame }) => (frame.kind === "events" ? frame.sequences : []))[0];
        const expected = all.find(({ sequence }) => sequence > last)?.sequence;
        return brought !== undefined && brought !== expected
          ? [`${name}: ${brought} came after ${last}, and ${expected} was the next`]
          : [];
      });
  });
