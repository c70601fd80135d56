import { happened, heldBy, logOf, type Property, wanted } from "./property.ts";

/** P10: who was told the end holds all there is to the last event, and a run that is over has exactly one outcome and one end. */
export const complete: Property = (history) => {
  const finished = new Set(happened(history, "finished").map(({ reader }) => reader));
  return [
    ...history.readers
      .filter(({ name }) => finished.has(name))
      .flatMap(({ name, run, types, fromNow }) => {
        const all = wanted(logOf(history, run), types);
        const held = heldBy(history, name);
        const expected = fromNow ? all.slice(all.length - held.length) : all;
        if (held.length === expected.length && held.at(-1)?.sequence === expected.at(-1)?.sequence) return [];
        return [`${name} was told the end with ${held.length} events of ${expected.length}`];
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
