import { readFileSync } from "node:fs";
import { RunServiceService } from "@clew/proto/grpc/clew/run/v1/run_service";
import { expect, it } from "vitest";
import { callRules, ruleOf } from "./rights.ts";

it("docs/tenants.md says of every call what right it needs, what it is about, and when it is audited", () => {
  const rows = readFileSync("docs/tenants.md", "utf8").matchAll(/^\| `(\w+)` \| `(\w+)` \| (\w+) \| (yes|when refused) \|$/gm);
  const said = Object.fromEntries(
    [...rows].map(([, name, right, subject, audited]) => [name, { right, subject, changes: audited === "yes" }]),
  );
  expect(said).toEqual(callRules);
});

it("every call of the service is found by its path", () => {
  expect(Object.values(RunServiceService).map(({ path }) => ruleOf(path).name)).toEqual(Object.keys(RunServiceService));
});
