import { readFile, stat } from "node:fs/promises";
import { type Clew, Fault, type RunAnswer } from "@clew/client";
import { parseCredentials } from "../assignments.ts";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";

/** The options of `clew answer`, as commander gives them. */
export interface AnswerOptions {
  readonly input?: string;
  readonly approve?: boolean;
  readonly deny?: boolean;
  readonly answer?: string;
  readonly secret?: string;
  readonly browserState?: string;
}

const maxStateBytes = 1024 * 1024;

/** Answers what a run asks a person. */
export async function answerCommand(clew: Clew, output: Output, runId: string, options: AnswerOptions): Promise<number> {
  const answer = await toAnswer(options);
  const run = await clew.run(runId).answer(options.input === undefined ? answer : { ...answer, inputId: options.input });
  output.emit(run);
  output.say(`Answered. The run goes on: ${run.state}`);
  output.remark(`Follow it with:\n  ${output.command(`stream ${runId} --after ${run.lastSequence}`)}`);
  return exitCode.done;
}

async function toAnswer({ approve, deny, answer, secret, browserState }: AnswerOptions): Promise<RunAnswer> {
  const given: (RunAnswer | Promise<RunAnswer>)[] = [
    ...(approve === true ? [{ decision: "approve" } as const] : []),
    ...(deny === true ? [{ decision: "deny" } as const] : []),
    ...(answer === undefined ? [] : [{ answer }]),
    ...(secret === undefined ? [] : [{ secret: readSecret(secret) }]),
    ...(browserState === undefined ? [] : [readState(browserState)]),
  ];
  const [only, ...others] = given;
  if (only === undefined || others.length > 0)
    throw new Fault("INVALID_REQUEST", { message: "Give one of --approve, --deny, --answer, --secret and --browser-state." });
  return await only;
}

/** As credentials: `@VARIABLE` is in no process list. */
function readSecret(text: string): string {
  return parseCredentials("--secret", [`secret=${text}`], process.env)["secret"] ?? "";
}

async function readState(file: string): Promise<RunAnswer> {
  const { size } = await stat(file).catch(() => ({ size: 0 }));
  if (size === 0 || size > maxStateBytes)
    throw new Fault("INVALID_REQUEST", { message: `--browser-state: ${file} is no file of at most 1 MiB.` });
  try {
    return { browserState: JSON.parse(await readFile(file, "utf8")) };
  } catch {
    throw new Fault("INVALID_REQUEST", { message: `--browser-state: ${file} does not hold JSON.` });
  }
}
