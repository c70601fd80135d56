import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunSpec } from "@clew/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sandboxProcesses } from "../support/sandbox-processes.ts";
import { type System, startSystem } from "../support/system.ts";

const longMs = 240_000;
const waitMs = 60_000;

describe("a run that goes on from another", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ CLEW_STATE_KEY: "a passphrase of the test", CLEW_MAX_CONCURRENT_RUNS: "2" });
  }, longMs);
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    system.backOffice.logins.length = 0;
  });

  const playbook = (id: string, steps: readonly object[], more: object = {}) => JSON.stringify({ id, ...more, steps });
  const create = (source: string, more: Partial<RunSpec> = {}) => system.clew.createRun(system.spec(source, more));
  /** Opens the login page and fills it in, but does not send it. */
  const filling = () =>
    playbook("filling", [
      { action: "goto", params: { url: `${system.backOffice.url}/login` } },
      { action: "key_press", selector: 'input[name="username"]', params: { text: "demo" } },
      { action: "key_press", selector: 'input[type="password"]', params: { text: "demo" } },
      { action: "evaluate", params: { script: "sessionStorage.setItem('thread', 'of Ariadne'); return 1" } },
    ]);
  const sending = () =>
    playbook("sending", [
      { action: "evaluate", params: { script: "return sessionStorage.getItem('thread')" }, store_as: "thread" },
      { action: "click", selector: 'role=button[name="Log in"]', verify: { expect_url_contains: "/orders" } },
      { action: "extract", selector: "h1", store_as: "heading" },
    ]);
  const noneIsLeft = () =>
    vi.waitFor(
      () => {
        expect(sandboxProcesses(system.volume)).toEqual([]);
        expect(readdirSync(join(system.volume, "warm"))).toEqual([]);
      },
      { timeout: waitMs, interval: 100 },
    );

  it(
    "continues in its browser: what was typed there is sent, and its session goes on",
    async () => {
      const parent = await create(filling(), { keepAliveSeconds: 60 });
      expect(await parent.result()).toMatchObject({ state: "COMPLETED" });
      expect(system.backOffice.logins).toHaveLength(0);

      const child = await create(sending(), { continueFrom: parent.id });
      expect(await child.result()).toMatchObject({
        state: "COMPLETED",
        outcome: { data: { thread: "of Ariadne", heading: "Orders" } },
        run: { parentRun: parent.id },
      });
      expect(system.backOffice.logins).toHaveLength(1);
      await noneIsLeft();
    },
    longMs,
  );
});
