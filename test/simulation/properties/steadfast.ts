import type { Fault } from "../plan.ts";
import { happened, type Property } from "./property.ts";

/** What a client may say when it gives up, and what must have gone wrong for it to be true. */
const bearable: Readonly<Record<string, readonly Fault["kind"][] | "a reader too many">> = {
  // Nobody answered for as long as it is patient.
  GATEWAY_UNREACHABLE: ["kill", "pause", "cut", "slow network"],
  SANDBOX_UNREACHABLE: ["kill", "pause", "cut", "slow network", "hand over", "power loss", "disk full", "sync fails"],
  // The orchestrator stayed away for as long as that.
  SHUTTING_DOWN: ["kill", "pause", "cut", "slow network", "hand over", "power loss", "disk full", "sync fails"],
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
