import { once } from "node:events";
import { Fault } from "@clew/fault/fault";
import { expect, test } from "vitest";
import { untilStopped } from "./until-stopped.ts";

const call = { purpose: "act", prompt: [] };

test("a model is let go of once the run is stopped, and says why", async () => {
  const stopping = new AbortController();
  const ask = untilStopped(async (_, signal) => {
    await once(signal, "abort");
    throw signal.reason;
  }, stopping.signal);
  const asked = ask(call, new AbortController().signal);
  stopping.abort(new Fault("TERMINATED"));
  await expect(asked).rejects.toMatchObject({ reason: "TERMINATED" });
});
