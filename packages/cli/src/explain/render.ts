import { nameOptions } from "../name-options.ts";
import { printable } from "../printable.ts";
import { wrapText } from "../wrap-text.ts";
import type { Explanation } from "./explain.ts";
import type { Deed } from "./story.ts";

/** How many deeds a screen shows before those in the middle that were simply done are counted instead. */
const mostDeeds = 12;
const firstDeeds = 2;
const lastDeeds = 5;
const mostLines = 8;

/** Renders an explanation as the lines of one screen, each at most `width` characters but for commands, which are whole. */
export function renderExplanation(explanation: Explanation, width: number): readonly string[] {
  const { runId, state, createTime, took, asked, deeds, attempts, unconfirmed, why, stop, again, warnings, artifacts, next } = explanation;
  const at = (time: string) => `+${((Date.parse(time) - Date.parse(createTime)) / 1000).toFixed(1)} s`.padStart(9);
  const cut = (line: string) => (line.length > width ? `${line.slice(0, width - 1)}…` : line);
  const lines: string[] = [];
  const section = (title: string, content: readonly string[], fit: (line: string) => readonly string[] = (line) => [line]) => {
    for (const [index, line] of content.flatMap(fit).entries()) lines.push(cut(`${(index === 0 ? title : "").padEnd(titleWidth)}${line}`));
  };
  const whole = (line: string) => wrapText(line, width - titleWidth);
  lines.push(cut(`${runId}  ${state}${took === undefined ? "" : ` after ${took}`}`), "");

  section("Asked", [
    printable(asked.work),
    ...(asked.parent === undefined ? [] : [`${wordsOfParent[asked.parent.by]} run ${printable(asked.parent.runId)}`]),
    ...Object.entries(asked.params).map(([name, value]) => `${printable(name)} = ${shown(value)}`),
    [`at ${createTime}`, asked.by && `by ${printable(asked.by)}`, asked.timeoutSeconds && `at most ${asked.timeoutSeconds} s`]
      .filter(Boolean)
      .join(", "),
  ]);
  if (attempts.length > 1)
    section(
      "Attempts",
      attempts.map(
        ({ number, beganAt, failure }) => `${at(beganAt)}  ${number}${failure === undefined ? "" : `  FAILED  ${printable(failure)}`}`,
      ),
    );
  section(
    "Did",
    deeds.length === 0
      ? ["nothing yet"]
      : collapsed(deeds).map((deed) => (typeof deed === "string" ? `${" ".repeat(11)}${deed}` : lineOf(deed, at, explanation))),
  );
  section(
    "Unsure",
    unconfirmed
      .slice(-mostLines)
      .map(
        ({ inputSummary, action, effect, sequence }) =>
          `begun and not confirmed: ${printable(inputSummary || action)} (${effect.toLowerCase()}, event ${sequence})`,
      ),
  );
  section(
    "Result",
    [
      printable(explanation.summary),
      ...Object.entries(explanation.data)
        .slice(0, mostLines)
        .map(([name, value]) => `${printable(name)} = ${shown(value)}`),
    ],
    whole,
  );
  if (stop !== undefined)
    section("Stopped", [
      `${stop.by === "" ? "on request" : `by ${printable(stop.by)}`}${stop.reason === "" ? "" : `: ${printable(stop.reason)}`}`,
    ]);
  if (why !== undefined) {
    const message = explanation.summary.includes(why.message) ? "" : `: ${nameOptions(printable(why.message))}`;
    section("Why", [`${why.reason}${message}`, ...(why.wayOut === undefined ? [] : [why.wayOut])], whole);
  }
  if (again !== undefined) section("Again", [again], whole);
  section("Warnings", warnings.slice(-mostLines).map(printable), whole);
  section(
    "Files",
    artifacts.length === 0 ? [] : [artifacts.map(({ name, sizeBytes }) => `${printable(name)} (${size(sizeBytes)})`).join(", ")],
    whole,
  );
  lines.push("");
  for (const { command, purpose } of next) lines.push(`  ${command}`, `${" ".repeat(6)}${purpose}`);
  return lines;
}

const titleWidth = 10;

const wordsOfParent = { continueFrom: "in the browser, still open, of", forkFrom: "with the session left by" } as const;

const endings = { done: "", skipped: "left out", failed: "FAILED", stopped: "CUT OFF", blocked: "BLOCKED", open: "CUT OFF" } as const;

function lineOf(deed: Deed, at: (time: string) => string, { state, attempts, seconds }: Explanation): string {
  const { step, stepId, what, beganAt, end, durationMs, message } = deed;
  const over = seconds !== undefined || deed.attempt !== attempts.at(-1)?.number || state === "FINALIZING";
  const ending = end === "open" && !over ? "goes on" : endings[end];
  const took = durationMs === undefined || durationMs === 0 ? "" : `${(durationMs / 1000).toFixed(1)} s`;
  const number = stepId.includes(".") ? printable(stepId.replace("step-", "")) : step;
  const name = `${number === undefined ? "" : `${number}. `}${printable(what)}`;
  return [`${at(beganAt)}  ${name}`, ending, took, message === undefined ? "" : printable(message)]
    .filter((part) => part !== "")
    .join("  ");
}

/** The deeds to show; a text stands for those between. */
function collapsed(deeds: readonly Deed[]): readonly (Deed | string)[] {
  if (deeds.length <= mostDeeds) return deeds;
  const lines: (Deed | string)[] = [];
  let left = 0;
  for (const [index, deed] of deeds.entries()) {
    if (deed.end === "done" && index >= firstDeeds && index < deeds.length - lastDeeds) {
      left += 1;
      continue;
    }
    if (left > 0) lines.push(`… ${left} more, all done`);
    left = 0;
    lines.push(deed);
  }
  if (lines.length <= 2 * mostDeeds) return lines;
  return [...deeds.slice(0, firstDeeds), `… ${deeds.length - firstDeeds - mostDeeds} more`, ...deeds.slice(-mostDeeds)];
}

function shown(value: unknown): string {
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

function size(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
