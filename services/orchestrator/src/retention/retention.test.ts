import { expect, it } from "vitest";
import { removedBefore } from "./retention.ts";

const day = 86_400_000;
const usual = { eventsMs: 90 * day, artifactsMs: 14 * day };

it.each([
  ["as for everyone", {}, 10, 86],
  ["for longer or shorter where a tenant has its own times", { eventsMs: 50 * day, artifactsMs: 2 * day }, 50, 98],
  ["in the class that is otherwise only", { artifactsMs: 30 * day }, 10, 70],
  ["never for longer than the run", { eventsMs: 3 * day }, 97, 97],
])("a tenant's artifacts are kept %s", (_, own, run, artifacts) => {
  const retention = { usual, tenants: new Map([["acme", own]]) };
  expect(removedBefore(retention, "acme", 100 * day)).toEqual({ run: run * day, artifacts: artifacts * day });
  expect(removedBefore(retention, "other", 100 * day)).toEqual({ run: 10 * day, artifacts: 86 * day });
});
