declare const brand: unique symbol;

/** Identifies a run; sorts by creation time. */
export type RunId = string & { readonly [brand]: "RunId" };

const pattern = /^run-[0-9a-f]{32}$/;

/** Writes a version 7 UUID as a run id. */
export function toRunId(uuidV7: string): RunId {
  return `run-${uuidV7.replaceAll("-", "")}` as RunId;
}

/** Whether a text is a run id. Nothing else may become part of a path. */
export function isRunId(text: string): text is RunId {
  return pattern.test(text);
}
