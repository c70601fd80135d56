import { createLogger } from "@clew/process/logger";
import { Outcome, Run, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it } from "vitest";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import { askToKeep } from "./ask-to-keep.ts";
import type { AttemptPlan } from "./attempt.ts";
import { RunSecrets } from "./run-secrets.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";

const { signal } = new AbortController();

/** Asks for a sandbox to be kept whose runs have so many secrets; answers whether it is, and who was asked. */
async function keep(count: number, spec: Partial<RunSpec> = { keepAliveSeconds: 10 }) {
  const asked: string[] = [];
  const call = (name: string, answer: object) => async () => {
    if (asked.at(-1) !== name) asked.push(name);
    return answer;
  };
  const connection = {
    agent: { keepBrowser: call("agent", { kept: true }) },
    warden: { holdSecrets: call("secrets", {}), keepSandbox: call("warden", {}) },
  } as unknown as SandboxConnection;
  const secrets = new RunSecrets(RunSpec.fromPartial({}));
  secrets.addHeld(Array.from({ length: count }, (_, index) => `secret ${index}`));
  const plan = {
    log: { run: Run.fromPartial({ outcome: Outcome.fromPartial({}) }) },
    attempt: 1,
    spec: RunSpec.fromPartial(spec),
    handle: { ...handleOf("run"), warm: { name: "a1", runFolder: "/nowhere" } },
    provider: { handOver: {} },
    secrets,
    logger: createLogger({ name: "test", level: "silent" }),
  } as unknown as AttemptPlan;
  return { isKept: await askToKeep(plan, connection, signal), asked };
}

it("has a sandbox kept whose secrets are held before", async () => {
  expect(await keep(3)).toEqual({ isKept: true, asked: ["agent", "secrets", "warden"] });
});

it("keeps none that no run wants, nor one whose runs have had too many secrets", async () => {
  expect(await keep(0, {})).toEqual({ isKept: false, asked: [] });
  expect(await keep(5_001)).toEqual({ isKept: false, asked: [] });
});
