import { happened, type Property } from "./property.ts";

/** R2: when all is over nothing is left: no timer, no open file, no connection, no process; and no error came that nobody meant. */
export const tidy: Property = (history) => [
  ...history.leftovers,
  ...happened(history, "unexpected").map(({ process, message }) => `${process}: ${message}`),
];
