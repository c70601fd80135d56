import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { type Clew, Fault } from "@clew/client";
import { exitCode } from "../exit-code.ts";
import { lineDifference } from "../line-difference.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";

/** How a proposed playbook is taken over. */
export interface ApplyOptions {
  /** Whether a file that is there is written over without asking. */
  readonly yes?: boolean;
  /** Asks a person; who is at the terminal, unless given. Undefined where nobody is. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

const proposalName = /^proposed-playbook(?:-\d+)?\.yaml$/;
const mostBytes = 1024 * 1024;

/**
 * Takes over the playbook that a run proposes: into a file that is not there yet, or, after the difference was shown and somebody said yes, over one that is.
 */
export async function applyPlaybookCommand(
  clew: Clew,
  output: Output,
  runId: string,
  file: string,
  options: ApplyOptions,
): Promise<number> {
  const { yes = false, ask = askTerminal() } = options;
  const proposed = await readProposal(clew, runId);
  const there = await readFile(file, "utf8").catch((cause: unknown) => absent(file, cause));
  if (there === proposed) {
    output.emit({ runId, file, changed: false });
    output.remark(`${printable(file)} is what the run proposes already.`);
    return exitCode.done;
  }
  for (const line of difference(there ?? "", proposed)) output.say(line);
  const isAgreed =
    there === undefined || yes || (ask !== undefined && /^y(?:es)?$/i.test((await ask(`Write this over ${file}? [y/N] `)).trim()));
  if (isAgreed) await replace(file, proposed);
  output.emit({ runId, file, changed: isAgreed });
  output.remark(isAgreed ? `Wrote ${printable(file)}` : `Nothing was written; with --yes it is written over ${printable(file)}.`);
  return isAgreed ? exitCode.done : exitCode.usage;
}

async function readProposal(clew: Clew, runId: string): Promise<string> {
  const run = clew.run(runId);
  const name = (await run.artifacts()).findLast((artifact) => proposalName.test(artifact.name))?.name;
  if (name === undefined) {
    const message = "The run proposes no playbook: only a recovery and a completed directive do.";
    throw new Fault("ARTIFACT_NOT_FOUND", { message });
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of run.download(name)) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new Fault("INVALID_REQUEST", { message: "The proposed playbook is too large to be one." });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function absent(file: string, cause: unknown): undefined {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
  throw new Fault("INVALID_REQUEST", { message: `${file} cannot be read.`, cause });
}

/** The lines of both texts: `-` is gone, `+` is new. */
function difference(before: string, after: string): readonly string[] {
  return lineDifference(linesOf(before), linesOf(after)).map(([sign, line]) => `${sign} ${/^ */.exec(line)?.[0] ?? ""}${printable(line)}`);
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

async function replace(file: string, text: string): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new Fault("INVALID_REQUEST", { message: `${file} cannot be written.`, cause });
  }
}

function askTerminal(): ((question: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY) return undefined;
  return async (question) => {
    using terminal = createInterface({ input: process.stdin, output: process.stderr });
    return await terminal.question(question);
  };
}
