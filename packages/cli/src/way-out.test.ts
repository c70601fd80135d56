import { expect, it } from "vitest";
import { wayOut } from "./way-out.ts";

it.each([
  ["scheme", "begins with http:// or https://"],
  ["metadata_service", "no run reaches it"],
  ["own_service", "no run reaches it"],
  ["forbidden_address", "CLEW_FORBIDDEN_ADDRESSES"],
  ["private_network", "guardrails"],
  ["constructor", "guardrails"],
])("a block by the rule %s is answered with what helps: %s", (rule, help) => {
  expect(wayOut("GUARDRAIL_BLOCKED", { rule })).toContain(help);
});

it("says what to do of a reason without details, and nothing of one that is not known", () => {
  expect(wayOut("GUARDRAIL_BLOCKED")).toContain("guardrails");
  expect(wayOut("NO_SUCH_REASON")).toBeUndefined();
});
