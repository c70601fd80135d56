import { Fault } from "@clew/fault/fault";
import type { Logger } from "@clew/process/logger";

/** Told of whatever ended a call or a stream; it keeps what nobody expected. */
export type OnUnexpected = (thrown: unknown) => void;

/** Logs errors that nobody expected, with their stack, and counts them: each once, however many readers it ends. */
export function tellUnexpected(log: Logger, counter: { inc(): void }): OnUnexpected {
  const told = new WeakSet<object>();
  return (thrown) => {
    const fault = Fault.from(thrown);
    if (fault.reason !== "INTERNAL") return;
    const error = fault.cause instanceof Error ? fault.cause : fault;
    if (told.has(error)) return;
    told.add(error);
    counter.inc();
    log.error({ err: error }, "an error that nobody expected");
  };
}
