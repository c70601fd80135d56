import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { releaseSandbox } from "./release-sandbox.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const never = () => new Promise<never>(() => {});
const refused = () => Promise.reject(new Error("It does not end."));
const handle = handleOf(`run-${"7".repeat(32)}`);

/** Releases a sandbox that is as it should be but for this; answers what came of it, and after how many seconds. */
async function release(
  odd: Partial<SandboxProvider>,
  warden: () => Promise<unknown> = async () => ({}),
  signal = new AbortController().signal,
) {
  const connection = { warden: { releaseSandbox: warden }, [Symbol.asyncDispose]: async () => {} };
  const provider: SandboxProvider = {
    isolation: "process",
    start: never,
    find: async () => undefined,
    connect: () => connection as unknown as SandboxConnection,
    isAlive: async () => true,
    kill: async () => {},
    remove: async () => {},
    clear: async () => {},
    ...odd,
  };
  const began = performance.now();
  let came: readonly [what: string, seconds: number] | undefined;
  const note = (what: string) => {
    came = [what, Math.round((performance.now() - began) / 1_000)];
  };
  const logger = createLogger({ name: "test", level: "silent" });
  void releaseSandbox({ provider, handle, logger }, signal).then(
    () => note("released"),
    (error: unknown) => note(Fault.from(error).reason),
  );
  await vi.advanceTimersByTimeAsync(120_000);
  expect(vi.getTimerCount()).toBe(0);
  return came;
}

it("releases a sandbox at once, and one whose warden refuses by force", async () => {
  expect(await release({})).toEqual(["released", 0]);
  expect(await release({}, refused)).toEqual(["released", 0]);
});

it("is done in 20 s, whatever does not answer: what may live is SANDBOX_HUNG, and files that stay are not", async () => {
  expect(await release({ kill: refused })).toEqual(["SANDBOX_HUNG", 20]);
  expect(await release({ kill: never })).toEqual(["SANDBOX_HUNG", 20]);
  expect(await release({ isAlive: never })).toEqual(["SANDBOX_HUNG", 20]);
  expect(await release({}, never)).toEqual(["SANDBOX_HUNG", 20]);
  expect(await release({ remove: never })).toEqual(["released", 20]);
});

it("takes no longer where its caller does not wait", async () => {
  expect(await release({ kill: never }, undefined, AbortSignal.abort(new Fault("SHUTTING_DOWN")))).toEqual(["SHUTTING_DOWN", 0]);
});
