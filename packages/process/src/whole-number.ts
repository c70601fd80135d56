import { z } from "zod";

/** Makes the schema of a setting that is a whole number within bounds, both included, which it names whatever else was given. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}
