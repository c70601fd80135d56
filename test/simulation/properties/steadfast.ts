import type { Fault } from "../plan.ts";
import { happened, type Property } from "./property.ts";

/** What keeps a gateway from a reader, and what keeps the orchestrator away. */
const gatewayAway = ["kill", "pause", "cut", "slow network"] as const;
const orchestratorAway = [...gatewayAway, "hand over", "power loss", "disk full", "sync fails"] as const;

/** What a client may say when it gives up, and what must have gone wrong for it to be true. */
const bearable: Readonly<Record<string, readonly Fault["kind"][] | "a reader too many">> = {
  // Nobody answered for as long as it is patient, or the last thing it met then was a cut.
  GATEWAY_UNREACHABLE: gatewayAway,
  CONNECTION_LOST: gatewayAway,
  SANDBOX_UNREACHABLE: orchestratorAway,
  SHUTTING_DOWN: orchestratorAway,
  // The gateway takes one reader at times.
  READERS_FULL: "a reader too many",
  VOLUME_FULL: ["disk full"],
  VOLUME_FAILED: ["sync fails"],
};

/**
 * P14: a client gives up only on a service that was away, full or without its disk, and no position that was given out is refused:
 * nothing that is simulated takes a history away.
 */
export const steadfast: Property = (history) => {
  const faults = new Set(happened(history, "fault").map(({ fault }) => fault.kind));
  const isBearable = (reason: string) => {
    const needs = bearable[reason];
    if (needs === "a reader too many") return history.readers.length > 1 || faults.size > 0;
    return needs?.some((kind) => faults.has(kind)) ?? false;
  };
  return [
    ...happened(history, "gaveUp")
      .filter(({ reason }) => !isBearable(reason))
      .map(({ reader, reason }) => `${reader} gave up: ${reason}`),
    ...happened(history, "frame")
      .filter(({ frame }) => frame.kind === "reset")
      .map(({ reader, connection }) => `${reader}: connection ${connection} was told that its position is of no history`),
  ];
};
