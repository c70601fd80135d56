import { Fault } from "@clew/fault/fault";
import { expect, it } from "vitest";
import { demandQueueRoom, type QueueLoad } from "./queue-room.ts";

const load: QueueLoad = {
  queued: 3,
  running: 2,
  mostQueued: 10,
  tenantQueued: 1,
  tenantMost: 2,
  slots: 2,
  usualMs: 20_000,
};

it.each([
  [{}, undefined],
  [{ queued: 10 }, 10_000],
  [{ tenantQueued: 2 }, 10_000],
  [{ queued: 10, usualMs: 100 }, 1_000],
  [{ queued: 10, usualMs: 10_000_000 }, 60_000],
  [{ queued: 10, slots: 0 }, 20_000],
])("a queue that is so: %j may take a run after %s ms", (more, retryAfterMs) => {
  let fault: unknown;
  try {
    demandQueueRoom({ ...load, ...more });
  } catch (error) {
    fault = error;
  }
  expect(fault instanceof Fault ? [fault.reason, fault.retryAfterMs] : fault).toEqual(
    retryAfterMs === undefined ? undefined : ["QUEUE_FULL", retryAfterMs],
  );
});
