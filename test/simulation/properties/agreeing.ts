import { heldBy, logOf, type Property } from "./property.ts";

/** P9: what readers hold is the journal's: the token of each event, and with it the chain of all before it, is the one the journal has there. */
export const agreeing: Property = (history) =>
  history.readers.flatMap(({ name, run }) => {
    const log = logOf(history, run);
    return heldBy(history, name).flatMap(({ sequence, token, type }) => {
      const record = log?.records[sequence - 1];
      return record?.token === token && record.type === type
        ? []
        : [`${name} holds another event ${sequence} (${type}) than the journal (${record?.type})`];
    });
  });
