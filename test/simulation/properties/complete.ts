import { dueTo, happened, heldBy, type Property } from "./property.ts";

/** P10: who was told the end holds all there is to the last event, from where it began; and a run that is over has exactly one outcome and one end. */
export const complete: Property = (history) => {
  const finished = new Set(happened(history, "finished").map(({ reader }) => reader));
  return [
    ...history.readers
      .filter(({ name }) => finished.has(name))
      .flatMap((reader) => {
        const due = dueTo(history, reader);
        const held = heldBy(history, reader.name);
        if (held.length === due.length && held.at(-1)?.sequence === due.at(-1)?.sequence) return [];
        return [`${reader.name} was told the end with ${held.length} events of ${due.length}`];
      }),
    ...history.logs
      .filter(({ records }) => history.ended === "all finished" && records.length > 0)
      .flatMap(({ runId, records }) => {
        const count = (type: string) => records.filter((record) => record.type === type).length;
        if (count("outcomePublished") === 1 && count("runFinished") === 1) return [];
        return [`${runId}: ${count("outcomePublished")} outcomes, ${count("runFinished")} ends`];
      }),
  ];
};
