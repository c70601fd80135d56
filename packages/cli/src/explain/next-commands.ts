import { isTerminal, type Run } from "@clew/client";
import { answerWords } from "../answer-words.ts";
import type { FieldOption } from "../name-options.ts";
import { shellWord } from "../shell-word.ts";
import type { Story } from "./story.ts";

/** A command of ours, as the words after `clew`, and what it is for. */
export interface NextCommand {
  readonly words: string;
  readonly purpose: string;
}

/** What to do next about a run. */
export function nextCommands(run: Run, story: Story): readonly NextCommand[] {
  const { id, state, lastSequence } = run;
  if (!isTerminal(state)) {
    return [
      ...(run.awaits === undefined ? [] : answerWords(id, run.awaits)),
      { words: `stream ${id} --after ${lastSequence}`, purpose: "see what it does from here on" },
      { words: `stop ${id}`, purpose: "stop it" },
    ];
  }
  const next: NextCommand[] = [];
  const [begun] = run.unconfirmedActions;
  if (begun !== undefined)
    next.push({
      words: `stream ${id} --after ${begun.sequence - 1}`,
      purpose: "see what was begun and not confirmed, and what followed",
    });
  const has = (name: string | undefined) => name !== undefined && story.artifacts.some((artifact) => artifact.name === name);
  const picture = story.deeds.findLast(({ end, screenshot }) => end === "failed" && has(screenshot))?.screenshot;
  if (picture !== undefined) next.push({ words: `artifacts ${id} ${shellWord(picture)}`, purpose: "save the page as it was then" });
  const log = story.artifacts.findLast(({ name, kind }) => kind === "LOG" && name.startsWith("sandbox-"));
  if (log !== undefined && state !== "COMPLETED")
    next.push({
      words: `artifacts ${id} ${shellWord(log.name)} -o -`,
      purpose: "read what the sandbox wrote before it was lost",
    });
  if (has("trace.zip"))
    next.push({
      words: `artifacts ${id} trace.zip -o trace.zip`,
      purpose: "save the trace; npx playwright show-trace trace.zip opens it",
    });
  if (state !== "COMPLETED") next.push(...runAgain(run));
  next.push({ words: `verify ${id}`, purpose: "check that this record is whole" });
  return next;
}

function runAgain(run: Run): readonly NextCommand[] {
  const { id, effects, spec } = run;
  const purpose = effects === "NONE" ? "run it again" : "run it again, if what you find allows it";
  if (spec.directive !== undefined) return [{ words: ["run", ...optionsOf(run)].join(" "), purpose }];
  const source = spec.playbook === undefined ? `playbook-${id.slice(-8)}.yaml` : undefined;
  const fetched = source === undefined ? [] : [{ words: `artifacts ${id} playbook.yaml -o ${source}`, purpose: "save the playbook" }];
  return [...fetched, { words: ["run", shellWord(spec.playbook ?? source ?? ""), ...optionsOf(run)].join(" "), purpose }];
}

/** Whether a run has used up the browser that it continued in, or did not find it. */
function isParentGone({ startTime, outcome }: Run): boolean {
  return startTime !== undefined || /^(?:PARENT_GONE|SANDBOX_)/.test(outcome?.error?.reason ?? "");
}

function optionsOf(run: Run): readonly string[] {
  const { spec } = run;
  const option = (name: FieldOption, value: string | number) => `${name} ${shellWord(String(value))}`;
  const given = (name: FieldOption, value: string | number | undefined) => (value === undefined ? [] : [option(name, value)]);
  const { params = {}, credentials, labels, startUrl, timeoutSeconds = defaultTimeoutSeconds, guardrails, recording } = spec;
  const { waitForPersonSeconds = 0, browserState, files, forkFrom, continueFrom, keepAliveSeconds } = spec;
  return [
    ...given("--directive", spec.directive),
    ...Object.entries(params).map(([name, value]) =>
      option("--param", `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`),
    ),
    // Their values are nowhere in the record.
    ...Object.keys(credentials).map((name) => option("--credential", `${name}=@${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`)),
    ...Object.entries(labels).map(([name, value]) => option("--label", `${name}=${value}`)),
    ...(guardrails?.allowedPrivateHosts ?? []).map((host) => option("--allow-private-host", host)),
    ...(recording?.video === true ? ["--video"] : []),
    ...(recording?.screenshots === true ? ["--screenshots"] : []),
    ...(recording?.trace === false ? ["--no-trace"] : []),
    ...(recording?.logs === false ? ["--no-logs"] : []),
    ...(recording?.cassette === true ? ["--record-cassette"] : []),
    ...given("--model", spec.model),
    ...given("--max-steps", spec.maxSteps === defaultMaxSteps ? undefined : spec.maxSteps),
    ...given("--wait-for-person", waitForPersonSeconds === 0 ? undefined : waitForPersonSeconds),
    ...given("--browser-state", browserState),
    ...given("--fork-from", forkFrom),
    // Where the browser that it was to go on in is gone, what the run before left of its session is not.
    ...given(isParentGone(run) ? "--fork-from" : "--continue-from", continueFrom),
    ...given("--keep-alive", keepAliveSeconds),
    ...files.map(({ name }) => option("--file", `${name}=${name}`)),
    ...given("--start-url", startUrl),
    ...given("--timeout", timeoutSeconds === defaultTimeoutSeconds ? undefined : timeoutSeconds),
  ];
}

const defaultTimeoutSeconds = 600;
const defaultMaxSteps = 50;
