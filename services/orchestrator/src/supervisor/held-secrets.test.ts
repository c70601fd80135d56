import { Fault } from "@clew/fault/fault";
import { createLogger } from "@clew/process/logger";
import { RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { expect, it } from "vitest";
import type { SandboxConnection } from "../sandboxes/sandbox-connection.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { holdSecrets, recallSecrets } from "./held-secrets.ts";
import { RunSecrets } from "./run-secrets.ts";
import { handleOf } from "./sandbox-handle.fixture.ts";

const signal = AbortSignal.timeout(20_000);
const handle = handleOf("child");
/** As an orchestrator finds it that was not there when the run was created. */
const spec = RunSpec.fromPartial({ continueFrom: "parent", credentials: { password: "" } });
const fold = { attempt: { startedAtMs: 1 }, inputs: [] };

/** Recalls from a warden that answers so, time after time; it lives as long as it is said to. */
async function recall(answer: (call: number) => readonly string[], lives: (call: number) => boolean = () => true) {
  let calls = 0;
  const warden = {
    async *recallSecrets() {
      for (const value of answer(++calls)) yield { values: [value] };
    },
  };
  const provider = {
    connect: () => ({ warden, [Symbol.asyncDispose]: async () => {} }),
    isAlive: async () => lives(calls),
  } as unknown as SandboxProvider;
  const secrets = new RunSecrets(spec);
  await recallSecrets({ provider, secrets, logger: createLogger({ name: "test", level: "silent" }) }, handle, signal);
  return { calls, said: secrets.known.redact("of-Minos and of-Ariadne"), isCovered: secrets.coverGiven(spec, fold) };
}

it("knows again what a sandbox was given, of the runs before too, once its warden answers", async () => {
  const answer = (call: number) => {
    if (call < 3) throw new Fault("SANDBOX_UNREACHABLE");
    return ["of-Minos", "of-Ariadne"];
  };
  expect(await recall(answer)).toEqual({ calls: 3, said: "[redacted] and [redacted]", isCovered: true });
});

it.each<[string, Parameters<typeof recall>]>([
  [
    "holds nothing of the kind",
    [
      () => {
        throw new Fault("INTERNAL");
      },
    ],
  ],
  [
    "is gone",
    [
      () => {
        throw new Fault("SANDBOX_UNREACHABLE");
      },
      (call) => call === 0,
    ],
  ],
])("goes on with what it knows where the warden %s", async (_, [answer, lives]) => {
  expect(await recall(answer, lives)).toMatchObject({ calls: 1, said: "of-Minos and of-Ariadne", isCovered: false });
});

it("has all of it held, however much that is", async () => {
  const values = Array.from({ length: 150 }, (_, index) => `secret-${index}`);
  const secrets = new RunSecrets(RunSpec.fromPartial({}));
  for (const value of values) secrets.add("secret", value);
  const held: string[][] = [];
  const warden = { holdSecrets: async (request: { values: string[] }) => void held.push(request.values) };
  await holdSecrets(secrets, warden as unknown as SandboxConnection["warden"], signal);
  expect([held.map(({ length }) => length), held.flat()]).toEqual([[64, 64, 22], values]);
});
