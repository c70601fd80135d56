import { limits } from "@clew/orchestrator/runs/limits";
import { checkSpec } from "@clew/orchestrator/runs/spec";
import { guardrailNumbers, mergeGuardrails } from "@clew/playbook/guardrail-settings";
import { profileNames } from "@clew/playbook/profile-names";
import { RunSpec, RunSpec_Thinking } from "@clew/proto/grpc/clew/run/v1/run";

/** A field of a RunSpec: what it is for, what it is when nobody says, and its bounds. */
type Row = readonly [field: string, purpose: string, preset: string, bounds: string];

interface Range {
  readonly min: number;
  readonly max: number;
}

const { spec } = checkSpec(RunSpec.fromPartial({ work: { $case: "directive", value: "x" } }));
const guardrails = mergeGuardrails({});

const between = ({ min, max }: Range) => `${min} to ${max}`;
const chars = (most: number) => `at most ${most} characters`;
const efforts = Object.keys(RunSpec_Thinking).filter((name) => /^[A-Z]+$/.test(name) && name !== "THINKING_UNSPECIFIED");
const yesOrNo = "`true`, `false`";
const domains = "at most 100 globs of hosts";

/** What each number of the guardrails is about. */
const purposes = {
  maxUrlsVisited: "different pages",
  maxConsecutiveErrors: "failed actions in a row that end the run when there is one more",
  stuckWindowSize: "actions that the stuck rules look back on",
  stuckRepeatHint: "repetitions that are told of",
  stuckRepeatWarn: "repetitions that are warned of",
  stuckRepeatStop: "repetitions that end an agent",
  stuckCycleMaxLength: "actions of the longest circle",
  stuckCycleRepeats: "rounds that make a circle",
  stuckRevisitGap: "actions between two visits of a page that is told of",
  stuckFailureClusterWindow: "actions among which failures are counted",
  stuckFailureClusterThreshold: "failures among them that are told of",
} as const satisfies Record<keyof typeof guardrailNumbers, string>;

const numbers = (Object.keys(purposes) as (keyof typeof purposes)[]).map((name): Row => {
  const range = guardrailNumbers[name];
  return [`guardrails.${name}`, purposes[name], String(range.default), between(range)];
});

const rows: readonly Row[] = [
  ["directive", "what a model is to do", "one of the three", chars(limits.directiveChars)],
  ["playbook", "a playbook of the catalogue, by its id", "one of the three", "an id, or `id@sha256:…`"],
  ["playbookSource", "a playbook as YAML", "one of the three", `at most ${limits.playbookSourceBytes} bytes`],
  ["params", "a playbook's parameters, or a directive's values", "none", `at most ${limits.paramsBytes} bytes of JSON`],
  ["startUrl", "where the browser starts", "the playbook's", `http or https, ${chars(limits.urlChars)}`],
  ["model", "as `provider:name`", "the operator's `CLEW_MODEL`", chars(limits.nameChars)],
  ["thinking", "how hard the model thinks", "`HIGH`", efforts.map((name) => `\`${name}\``).join(", ")],
  ["profile", "how the agent works", `\`${profileNames[0]}\``, profileNames.map((name) => `\`${name}\``).join(", ")],
  ["maxSteps", "answers of the model", String(spec.maxSteps), between(limits.maxSteps)],
  ["timeoutSeconds", "work, waiting for a person left out", String(spec.timeoutSeconds), between(limits.timeoutSeconds)],
  ["queueTimeoutSeconds", "waiting for a place", String(spec.queueTimeoutSeconds), between(limits.queueTimeoutSeconds)],
  [
    "waitForPersonSeconds",
    "waiting for a person; 0: nobody is there",
    String(spec.waitForPersonSeconds),
    between(limits.waitForPersonSeconds),
  ],
  ["credentials", "secrets by name", "none", `at most ${limits.credentials}, each ${chars(limits.credentialChars)}`],
  ["outputSchema", "JSON Schema of the outcome's data", "none", `at most ${limits.outputSchemaBytes} bytes of JSON`],
  ["checks", "conditions on the final page", "none", `at most ${limits.checks}`],
  ["proxy", "an upstream proxy", "none", "`http://user:password@host:port`"],
  ["viewport.width", "of the page, in pixels", String(spec.viewport?.width), between(limits.viewportWidth)],
  ["viewport.height", "of the page, in pixels", String(spec.viewport?.height), between(limits.viewportHeight)],
  ["recording.trace", "a Playwright trace", String(spec.recording?.trace), yesOrNo],
  ["recording.video", "a video", String(spec.recording?.video), yesOrNo],
  ["recording.screenshots", "a picture after each action", String(spec.recording?.screenshots), yesOrNo],
  ["recording.logs", "console and network", String(spec.recording?.logs), yesOrNo],
  ["retry.maxAttempts", "attempts whose work begins", String(spec.retry?.maxAttempts), between(limits.retryAttempts)],
  ["retry.backoffSeconds", "before the next attempt", String(spec.retry?.backoffSeconds), between(limits.retryBackoffSeconds)],
  ["forkFrom", "the run that it [goes on from](lineage.md)", "none: it begins anew", "a run that has ended and left its session"],
  [
    "continueFrom",
    "the run in whose browser it [goes on](lineage.md)",
    "none: it begins anew",
    "a run that has ended and keeps its sandbox",
  ],
  [
    "keepAliveSeconds",
    "keeping its sandbox for a run that [continues](lineage.md), and its session for forks; 0: its session only",
    "nothing is kept",
    between(limits.keepAliveSeconds),
  ],
  ["priority", "higher is first", String(spec.priority), between(limits.priority)],
  ["guardrails.allowedDomains", "where there are any, only these", "none", domains],
  ["guardrails.blockedDomains", "besides the default list, which always counts", `${guardrails.blockedDomains.length} by default`, domains],
  ["guardrails.allowedPrivateHosts", "private hosts that may be reached", "none", "at most 100 of `host:port`"],
  ["guardrails.allowPrivateNetworks", "whether all of them may", String(guardrails.allowPrivateNetworks), yesOrNo],
  ["guardrails.enableLlmActionCheck", "whether a model judges what the rules leave open", String(guardrails.enableLlmActionCheck), yesOrNo],
  ...numbers,
];

/** Writes docs/run-settings.md from the bounds that requests are checked by, and from what is filled in where they say nothing. */
export function runSettingsPage(): string {
  return `# Settings of a run

What a RunSpec may say, what counts where it says nothing, and between which bounds. A value out of them is \`INVALID_REQUEST\`, and all that are wrong are named
at once. What is given counts also where it equals the default. Of the guardrails the run's word counts first, then the playbook's, then the profile's.

<!-- Made from services/orchestrator/src/runs and packages/playbook/src by npm run docs:run-settings; do not edit. -->

| field | what | default | bounds |
|---|---|---|---|
${rows.map(([field, ...cells]) => `| \`${field}\` | ${cells.join(" | ")} |\n`).join("")}`;
}
