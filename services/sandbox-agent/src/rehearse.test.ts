import { createLogger } from "@clew/process/logger";
import { Run_State } from "@clew/proto/grpc/clew/run/v1/run";
import { delay } from "@clew/streams/delay";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Site, startSite } from "./browser/site.fixture.ts";
import { rehearse } from "./rehearse.ts";
import { askNobody, ReportInMemory, WorkRoom } from "./work.fixture.ts";

let shared: WorkRoom;
let site: Site;
beforeAll(async () => {
  [shared, site] = await Promise.all([WorkRoom.open(), startSite({ "/": "<h1>Shop</h1>" })]);
});
afterAll(async () => {
  await shared[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** Milliseconds after which a rehearsal is cut short: it takes some 60. */
const instants = Array.from({ length: 40 }, (_, index) => 2 * index);

test("leaves nothing in the browser that a run would meet, whenever it is cut short", async () => {
  const { browser, folder } = shared;
  const log = createLogger({ name: "test", level: "silent" });
  const ends: unknown[] = [];
  for (const afterMs of instants) {
    const claimed = new AbortController();
    const rehearsed = rehearse({ browser, workFolder: folder, askWarden: askNobody, log, signal: claimed.signal });
    await delay(afterMs);
    claimed.abort();
    await rehearsed;
    const pages = browser.chromium.contexts().length;
    await using room = await shared.beside();
    const report = new ReportInMemory();
    const playbookSource = `steps: [{ action: goto, params: { url: "${site.url}" } }]`;
    await room.start({ playbookSource, spec: { guardrails: { allowedPrivateHosts: [site.host] } } }, report).done;
    const { state, outcome } = report.outcome;
    ends.push([afterMs, pages, state, outcome.error?.message]);
  }
  expect(ends).toEqual(instants.map((afterMs) => [afterMs, 0, Run_State.COMPLETED, undefined]));
});
