import { createLogger } from "@clew/process/logger";
import { expect, test } from "vitest";
import { ReportInMemory } from "../../work.fixture.ts";
import { keepProposal } from "./keep-proposal.ts";

const text = "id: note\nsteps: [{ action: reload }]\n";

test.each([
  ["cannot be written", () => ({ text })],
  [
    "cannot be made",
    () => {
      throw new RangeError("Too deep.");
    },
  ],
])("a proposal that %s is a warning, and fails nothing", async (_, propose) => {
  const report = new ReportInMemory();
  const log = createLogger({ name: "test", level: "silent" });
  const writeLast = () => Promise.reject(new Error("ENOSPC"));
  await keepProposal(propose, { files: { writeLast }, log, redact: (value) => value, report });
  expect(report.all("warningRaised")).toMatchObject([
    { reason: "PLAYBOOK_NOT_PROPOSED", message: "No playbook is proposed: it could not be written." },
  ]);
});
