import { happened, type Property } from "./property.ts";

/** P8: no event leaves the orchestrator before a loss of power could not take it back. */
export const visible: Property = (history) =>
  happened(history, "served")
    .filter((served) => !served.durable)
    .map(({ runId, sequence }) => `${runId}: event ${sequence} was given away before it was durable`);
