import { agentAttacks } from "./agent-attacks.ts";
import type { Attack } from "./attack.ts";
import { bombs } from "./inside/bombs.ts";
import { forgedNames } from "./inside/forged-files.ts";
import { pageAttacks } from "./page-attacks.ts";
import { playbookAttacks } from "./playbook-attacks.ts";

const always = (names: readonly string[]): readonly Attack[] => names.map((name) => ({ name, process: "stops" }));

const groups: readonly (readonly [title: string, says: string, attacks: readonly Attack[]])[] = [
  ["A page gets nothing by", "All at once in one page, which no step guards: only what leads it elsewhere ends the run.", pageAttacks],
  ["A playbook is held up that", "Before it begins, or at the step.", playbookAttacks],
  [
    "A program that has taken a sandbox over gets at",
    "It stands in the agent's place, with all that the agent has. *Depends*: on who the orchestrator is, and on the machine.",
    agentAttacks,
  ],
  [
    "No file is stored by the name",
    "A file of the machine lies behind it, where that can be made.",
    always(forgedNames("/the/machine's/file").map(show)),
  ],
  ["A sandbox is ended that takes, without end,", "", always(Object.keys(bombs))],
];

/** Writes `docs/attacks.md`: everything that is tried, and which tier stops it. */
export function attacksPage(): string {
  const count = groups.reduce((sum, [, , attacks]) => sum + attacks.length, 0);
  return `# What was tried

${count} attacks, each tried in both tiers by [a hostile page and hostile playbooks](../test/security/attacks/page.test.ts) and by [a hostile program](../test/security/attacks/agent.test.ts), with
something listening on every address of the machine that must hear nothing, and bytes in a file, in another process and in shared memory that no record may hold. This page is
written from the list that the tests run. What each kind of attacker can do is in the [threat model](threat-model.md).

${groups.map(([title, says, attacks]) => `## ${title}\n\n${says === "" ? "" : `${says}\n\n`}${table(attacks)}`).join("\n")}`;
}

function table(attacks: readonly Attack[]): string {
  const rows = attacks.map(({ name, process }) => `| ${name.replaceAll("|", "\\|")} | stopped | ${cell[process]} |`);
  return ["| | `bubblewrap` | `process` |", "|---|---|---|", ...rows, ""].join("\n");
}

const cell: Readonly<Record<Attack["process"], string>> = { stops: "stopped", "does not stop": "**not stopped**", depends: "depends" };

/** A name as it can be read. */
function show(name: string): string {
  const text = name.length > 60 ? `${name.slice(0, 20)}… (${name.length} characters)` : name;
  return `\`${JSON.stringify(text)}\``;
}
