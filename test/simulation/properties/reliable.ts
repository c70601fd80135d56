import { dueTo, happened, heldBy, type Property } from "./property.ts";

/** P3: a reader misses nothing between what it has, a connection nothing between what it brings, and a journal nothing between what it has of a producer. */
export const reliable: Property = (history) => [
  ...history.readers
    .filter(({ types }) => types.length === 0)
    .flatMap(({ name }) => {
      const last = new Map<number, number>();
      return happened(history, "frame").flatMap(({ reader, connection, frame }) => {
        if (reader !== name || frame.kind !== "events") return [];
        return frame.sequences.flatMap((sequence) => {
          const before = last.get(connection) ?? sequence - 1;
          last.set(connection, sequence);
          return sequence > before + 1 ? [`${name}: connection ${connection} brought event ${sequence} after ${before}`] : [];
        });
      });
    }),
  ...history.readers.flatMap((reader) => {
    const due = dueTo(history, reader);
    return heldBy(history, reader.name).flatMap(({ sequence }, index) => {
      const next = due[index]?.sequence;
      return next !== undefined && sequence > next ? [`${reader.name} had event ${sequence} where ${next} was to come`] : [];
    });
  }),
  ...history.logs.flatMap(({ runId, records }) => {
    const last = new Map<string, number>();
    return records.flatMap(({ attempt, producer, producerSequence }) => {
      if (producerSequence === 0) return [];
      const name = `${attempt}/${producer}`;
      const expected = (last.get(name) ?? 0) + 1;
      last.set(name, producerSequence);
      return producerSequence > expected ? [`${runId} has ${name}/${producerSequence} where ${expected} was to come`] : [];
    });
  }),
];
