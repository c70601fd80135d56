import { openAsBlob } from "node:fs";
import { type Clew, Fault, type RunSpec } from "@clew/client";
import { parseAssignments, parseCredentials, parseWholeNumber } from "../assignments.ts";
import { exitCode } from "../exit-code.ts";
import { followRun } from "../follow-run.ts";
import { demandFile } from "../local-file.ts";
import { nameOptions } from "../name-options.ts";
import type { Output } from "../output.ts";
import { printable } from "../printable.ts";
import { readWork } from "../work.ts";

/** The options of `clew run`, as commander gives them. */
export interface RunOptions {
  readonly param: readonly string[];
  readonly credential: readonly string[];
  readonly label: readonly string[];
  readonly allowPrivateHost: readonly string[];
  /** What is to be done in words, in the place of a playbook. */
  readonly directive?: string;
  readonly maxSteps?: string;
  readonly startUrl?: string;
  readonly timeout?: string;
  readonly waitForPerson?: string;
  readonly file: readonly string[];
  readonly browserState?: string;
  readonly forkFrom?: string;
  readonly continueFrom?: string;
  readonly keepAlive?: string;
  readonly model?: string;
  readonly cassette?: string;
  readonly recordCassette?: boolean;
  readonly video?: boolean;
  readonly screenshots?: boolean;
  /** False with `--no-trace`. */
  readonly trace?: boolean;
  /** False with `--no-logs`. */
  readonly logs?: boolean;
  readonly requestId?: string;
  readonly detach?: boolean;
  readonly dryRun?: boolean;
}

/** Starts a run and follows it to its end. */
export async function runCommand(clew: Clew, output: Output, work: string | undefined, options: RunOptions): Promise<number> {
  const spec = { ...(await toSpec(work, options)), ...(await uploadFiles(clew, options)) };
  if (options.dryRun === true) return await dryRun(clew, output, spec);
  const run = await clew.createRun(spec, options.requestId === undefined ? {} : { requestId: options.requestId });
  if (options.detach === true) {
    output.emit(run);
    output.say(run.id);
    output.remark(`Follow it with:\n  ${output.command(`stream ${run.id}`)}`);
    return exitCode.done;
  }
  output.say(`run ${run.id}`);
  return await followRun(clew, run.id, output, { since: run.createTime });
}

async function toSpec(work: string | undefined, options: RunOptions): Promise<RunSpec> {
  const params = parseAssignments("--param", options.param);
  const credentials = parseCredentials("--credential", options.credential, process.env);
  const labels = parseAssignments("--label", options.label);
  const { startUrl, maxSteps, timeout, waitForPerson, browserState, forkFrom, continueFrom, keepAlive, model, allowPrivateHost } = options;
  const recording = recordingOf(options);
  return {
    ...(await workOf(work, options.directive)),
    ...(isEmpty(params) ? {} : { params }),
    ...(isEmpty(credentials) ? {} : { credentials }),
    ...(isEmpty(labels) ? {} : { labels }),
    ...(startUrl === undefined ? {} : { startUrl }),
    ...(maxSteps === undefined ? {} : { maxSteps: parseWholeNumber("--max-steps", maxSteps, 1, 200) }),
    ...(timeout === undefined ? {} : { timeoutSeconds: parseWholeNumber("--timeout", timeout, 5, 3600) }),
    ...(waitForPerson === undefined ? {} : { waitForPersonSeconds: parseWholeNumber("--wait-for-person", waitForPerson, 0, 86_400) }),
    ...(isEmpty(recording) ? {} : { recording }),
    ...(browserState === undefined ? {} : { browserState }),
    ...(forkFrom === undefined ? {} : { forkFrom }),
    ...(continueFrom === undefined ? {} : { continueFrom }),
    ...(keepAlive === undefined ? {} : { keepAliveSeconds: parseWholeNumber("--keep-alive", keepAlive, 0, 3600) }),
    ...(model === undefined ? {} : { model }),
    ...(allowPrivateHost.length === 0 ? {} : { guardrails: { allowedPrivateHosts: [...allowPrivateHost] } }),
  };
}

async function workOf(playbook: string | undefined, directive: string | undefined): Promise<RunSpec> {
  if (playbook === undefined && directive === undefined)
    throw new Fault("INVALID_REQUEST", { message: "Name a playbook, or say with --directive what is to be done." });
  if (playbook !== undefined && directive !== undefined)
    throw new Fault("INVALID_REQUEST", { message: "Name a playbook or give --directive, not both: one of them says what is to be done." });
  return playbook === undefined ? { ...(directive !== undefined && { directive }) } : await readWork(playbook);
}

/** What is not asked for is left to the service. */
function recordingOf({ video, screenshots, recordCassette, trace, logs }: RunOptions): Partial<NonNullable<RunSpec["recording"]>> {
  return {
    ...(video === true && { video }),
    ...(screenshots === true && { screenshots }),
    ...(recordCassette === true && { cassette: true }),
    ...(trace === false && { trace }),
    ...(logs === false && { logs }),
  };
}

/** Sends the files a run is to be given. */
async function uploadFiles(clew: Clew, { file, cassette }: RunOptions): Promise<Pick<RunSpec, "files" | "cassette">> {
  const given = Object.entries(parseAssignments("--file", file, "name=path, such as invoice.pdf=./invoice.pdf"));
  for (const [name, path] of given) await demandFile(path, `--file ${name}`);
  if (cassette !== undefined) await demandFile(cassette, "--cassette");
  const upload = async (name: string, path: string) => (await clew.uploadFile(name, await openAsBlob(path))).fileId;
  const files = await Promise.all(given.map(async ([name, path]) => ({ name, fileId: await upload(name, path) })));
  return {
    ...(files.length === 0 ? {} : { files }),
    ...(cassette === undefined ? {} : { cassette: await upload("cassette.jsonl", cassette) }),
  };
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}

async function dryRun(clew: Clew, output: Output, spec: RunSpec): Promise<number> {
  const result = await clew.dryRun(spec);
  output.emit(result);
  for (const { name, passed, message } of result.checks)
    output.say(`${passed ? "ok  " : "FAIL"}  ${printable(name)}: ${nameOptions(printable(message))}`);
  for (const warning of result.warnings) output.say(`note  ${nameOptions(printable(warning))}`);
  return result.valid ? exitCode.done : exitCode.usage;
}
