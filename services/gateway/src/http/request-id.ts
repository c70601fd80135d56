const sane = /^[A-Za-z0-9._-]{1,64}$/;

/** Answers the caller's request id if it is sane, a new one otherwise. */
export function toRequestId(given: string | string[] | undefined, newId: () => string): string {
  return typeof given === "string" && sane.test(given) ? given : newId();
}
