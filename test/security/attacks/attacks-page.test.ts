import { expect, it } from "vitest";
import { agentAttacks } from "./agent-attacks.ts";
import { attacksPage } from "./attacks-page.ts";
import { pageAttacks } from "./page-attacks.ts";
import { playbookAttacks } from "./playbook-attacks.ts";

it("docs/attacks.md lists what is tried, and says of each tier whether it stops it", async () => {
  await expect(attacksPage()).toMatchFileSnapshot("../../../docs/attacks.md");
});

it("there are 80 attacks or more, each another one", () => {
  const names = [...pageAttacks, ...playbookAttacks, ...agentAttacks].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(80);
});
