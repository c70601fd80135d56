import { happened, type Property } from "./property.ts";

/** P6: a position that a connection names is never undercut: nothing up to it comes on that connection later. */
export const bookmarkable: Property = (history) => {
  const reached = new Map<number, number>();
  return happened(history, "frame").flatMap(({ reader, connection, frame }) => {
    const named = reached.get(connection) ?? 0;
    switch (frame.kind) {
      case "hello":
      case "checkpoint":
        reached.set(connection, Math.max(named, frame.sequence ?? 0));
        return (frame.sequence ?? named) < named ? [`${reader}: a position of ${frame.sequence} after ${named}`] : [];
      case "reset":
        reached.set(connection, frame.sequence ?? 0);
        return [];
      case "events": {
        const [first] = frame.sequences;
        reached.set(connection, Math.max(named, frame.sequences.at(-1) ?? 0));
        return first !== undefined && first <= named ? [`${reader}: event ${first} after the position ${named}`] : [];
      }
      default:
        return [];
    }
  });
};
