import { heldBy, type Property } from "./property.ts";

/** P1: events reach a reader in the order of their sequences, and a journal's times never go back. */
export const ordered: Property = (history) => [
  ...history.readers.flatMap(({ name }) =>
    heldBy(history, name).flatMap(({ sequence }, index, all) => {
      const before = all[index - 1]?.sequence ?? 0;
      return sequence < before ? [`${name} had event ${sequence} after ${before}`] : [];
    }),
  ),
  ...history.logs.flatMap(({ runId, records }) =>
    records.flatMap(({ sequence, timeMs }, index) => {
      const wrong = sequence !== index + 1 || timeMs < (records[index - 1]?.timeMs ?? 0);
      return wrong ? [`${runId}: record ${index + 1} has sequence ${sequence} and a time of ${timeMs}`] : [];
    }),
  ),
];
