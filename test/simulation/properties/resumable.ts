import { parsePosition } from "@clew/journal-format/resume-token";
import { happened, logOf, type Property, wanted } from "./property.ts";

/** P5: the first event that a connection brings is the very next one after the position it was opened with. */
export const resumable: Property = (history) =>
  history.readers.flatMap(({ name, run, types }) => {
    const log = logOf(history, run);
    const all = wanted(log, types);
    return happened(history, "opened")
      .filter(({ reader }) => reader === name)
      .flatMap(({ connection, after }) => {
        if (after === "now") return [];
        const position = parsePosition(after, log?.runId ?? "");
        const last = position.kind === "token" || position.kind === "sequence" ? position.sequence : 0;
        const frames = happened(history, "frame").filter((frame) => frame.reader === name && frame.connection === connection);
        if (frames.some(({ frame }) => frame.kind === "reset")) return [];
        const brought = frames.flatMap(({ frame }) => (frame.kind === "events" ? frame.sequences : []))[0];
        const expected = all.find(({ sequence }) => sequence > last)?.sequence;
        return brought !== undefined && brought !== expected
          ? [`${name}: ${brought} came after ${last}, and ${expected} was the next`]
          : [];
      });
  });
