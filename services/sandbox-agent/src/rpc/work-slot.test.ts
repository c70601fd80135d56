import { Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import { StartWorkRequest } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { expect, it } from "vitest";
import { WorkSlot } from "./work-slot.ts";

const request = (runId: string) => StartWorkRequest.fromPartial({ runId, attempt: 1 });

function room({ isLeft = true } = {}) {
  const begun: string[] = [];
  const made: number[] = [];
  const over = Promise.withResolvers<void>();
  const slot = new WorkSlot({
    begin({ runId }) {
      begun.push(runId);
      return { done: over.promise, login: { loggedOut: false }, deliver: () => {}, stop: async () => Outcome.fromPartial({}) };
    },
    next: { isLeft: () => isLeft, make: async (stay) => void made.push(stay) },
  });
  return { slot, begun, made, end: over.resolve };
}

it("does one run's work, and another's once that has ended and left its browser", async () => {
  const { slot, begun, made, end } = room();
  slot.start(request("a"));
  expect(() => slot.start(request("b"))).toThrow();
  const beginning = slot.beginStay(2);
  expect(made).toEqual([]);
  end();
  await beginning;
  await slot.beginStay(2);
  slot.start(request("b"));
  expect(() => slot.start(request("a"))).toThrow();
  expect([begun, made]).toEqual([["a", "b"], [2]]);
});

it.each([
  ["no browser was left", { isLeft: false }, 2],
  ["it is not the next", {}, 3],
])("refuses another's where %s", async (_, how, stay) => {
  const { slot, end } = room(how);
  slot.start(request("a"));
  end();
  await expect(slot.beginStay(stay)).rejects.toMatchObject({ reason: "SANDBOX_LOST" });
  expect(() => slot.start(request("b"))).toThrow();
});

it("refuses another's before there was any work", async () => {
  await expect(room().slot.beginStay(2)).rejects.toMatchObject({ reason: "SANDBOX_LOST" });
});
