import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clew, Fault } from "@clew/client";
import { FILE_HEADER_BYTES, looksLikeJournal } from "@clew/journal-format/file-header";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";
import { checkJournal } from "../verify/check-journal.ts";
import { checkRun } from "../verify/check-run.ts";
import { openJournal } from "../verify/open-journal.ts";
import type { Held, Verdict } from "../verify/verdict.ts";

const runIdPattern = /^run-[0-9a-f]{32}$/;

/**
 * Checks a journal's file, or the journal of a run on this machine's volume, or, where that is not here, what a reader can prove of the
 * run through the gateway. Exits 0 only for a record that holds as a whole and has its end.
 */
export async function verifyCommand(clew: Clew, output: Output, what: string, options: { readonly volume?: string }): Promise<number> {
  const verdict = await check(clew, what, options.volume);
  output.emit(verdict);
  output.say(lineOf(verdict));
  return verdict.kind === "sound" ? exitCode.done : exitCode.failed;
}

async function check(clew: Clew, what: string, volume: string | undefined): Promise<Verdict> {
  if (await isFile(what)) {
    await demandJournal(what);
    return await checkFile(what);
  }
  if (!runIdPattern.test(what)) throw new Fault("INVALID_REQUEST", { message: `${what} is neither a file that is here nor a run's id.` });
  const file = join(volume ?? process.env.CLEW_VOLUME ?? ".clew", "runs", what, "journal");
  if (await isFile(file)) {
    const verdict = await checkFile(file);
    if (verdict.runId === what || verdict.kind === "damaged") return verdict;
    return { kind: "wrong", runId: verdict.runId, sequence: 0, offset: 0, message: `The journal of ${what} is another run's.` };
  }
  if (volume !== undefined) throw new Fault("RUN_NOT_FOUND", { message: `There is no such run on the volume ${volume}.` });
  return await checkRun(clew, what);
}

async function checkFile(file: string): Promise<Verdict> {
  await using journal = await openJournal(file);
  return await checkJournal(journal);
}

/** A journal whose header was changed is damaged; a file that has nothing of one was never meant. */
async function demandJournal(file: string): Promise<void> {
  await using journal = await openJournal(file);
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  await journal.read(header, 0);
  if (!looksLikeJournal(header))
    throw new Fault("INVALID_REQUEST", { message: `${file} is no journal of Clew, or nothing is left of its beginning.` });
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function lineOf(verdict: Verdict): string {
  if (!isHeld(verdict)) {
    const { kind, runId = "no run", sequence, offset, message } = verdict;
    const place = [sequence === 0 ? undefined : `event ${sequence}`, offset === undefined ? undefined : `byte ${offset}`];
    return `${kind.toUpperCase()}  ${runId}: ${place.filter((part) => part !== undefined).join(" at ")}: ${message}`;
  }
  const { kind, runId, events, firstTime, lastTime, state, resumeToken, source } = verdict;
  const how =
    "file" in source
      ? `${source.sizeBytes} bytes, every one accounted for, epoch ${source.epoch}`
      : `read in ${source.pages} ${source.pages === 1 ? "page" : "pages"} through ${source.gateway}: what a reader can prove`;
  const end = state === undefined ? "not over, or its end is lost" : `ended ${state}`;
  const times = firstTime === undefined ? "" : `, ${firstTime} to ${lastTime}`;
  return `${kind === "sound" ? "ok" : "UNFINISHED"}  ${runId}: ${events} events without a gap (${how})${times}; ${end}; last token ${resumeToken}`;
}

function isHeld(verdict: Verdict): verdict is Held {
  return verdict.kind === "sound" || verdict.kind === "unfinished";
}
