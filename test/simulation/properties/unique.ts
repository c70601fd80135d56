import { heldBy, type Property } from "./property.ts";

/** P2: no reader has an event twice, and no event of a sandbox is in a journal twice. */
export const unique: Property = (history) => [
  ...history.readers.flatMap(({ name }) => {
    const seen = new Set<number>();
    return heldBy(history, name).flatMap(({ sequence }) => {
      if (seen.has(sequence)) return [`${name} had event ${sequence} twice`];
      seen.add(sequence);
      return [];
    });
  }),
  ...history.logs.flatMap(({ runId, records }) => {
    const seen = new Set<string>();
    return records.flatMap(({ attempt, producer, producerSequence }) => {
      const name = `${attempt}/${producer}/${producerSequence}`;
      if (producerSequence === 0 || !seen.has(name)) {
        seen.add(name);
        return [];
      }
      return [`${runId} has ${name} twice`];
    });
  }),
];
