import { type Clew, createClew, Fault } from "@clew/client";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { type AnswerOptions, answerCommand } from "./commands/answer.ts";
import { applyPlaybookCommand } from "./commands/apply-playbook.ts";
import { artifactsCommand } from "./commands/artifacts.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { checkPlaybooksCommand, showPlaybookCommand } from "./commands/playbook.ts";
import { playbooksCommand } from "./commands/playbooks.ts";
import { recorderCommand } from "./commands/recorder.ts";
import { releaseCommand } from "./commands/release.ts";
import { type RunOptions, runCommand } from "./commands/run.ts";
import { getCommand, listCommand, stopCommand } from "./commands/runs.ts";
import { streamCommand } from "./commands/stream.ts";
import { exitCode, exitCodeOfFault } from "./exit-code.ts";
import { createOutput, type Output } from "./output.ts";

/** A person at a terminal would rather hear soon that nobody answers. */
const patienceMs = 1_500;

/** Runs the command line `args` and answers its exit code: see exit-code.ts. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let code: number = exitCode.done;
  const program = createProgram(async (options, command) => {
    const output = createOutput(options.json === true, options.url);
    try {
      const clew = createClew(options.url === undefined ? { patienceMs } : { url: options.url, patienceMs });
      code = await command(clew, output);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      output.fail(fault);
      code = exitCodeOfFault(fault);
    }
  });
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return exitCode.done;
    // Help that was asked for in no other way than by naming no command is its own answer.
    if (thrown.code === "commander.help") return exitCode.usage;
    const output = createOutput(args.includes("--json"));
    output.fail(usageFault(thrown));
    output.remark("  npx clew --help says more");
    return exitCode.usage;
  }
  return code;
}

/** What is wrong with a command line, as one sentence. */
function usageFault({ message }: CommanderError): Fault {
  return new Fault("INVALID_REQUEST", { message: message.replace(/^error: /, "").replaceAll("\n", " ") });
}

interface CommonOptions {
  readonly json?: boolean;
  readonly url?: string;
}

interface WrittenOptions {
  readonly output: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

type Execute = (options: CommonOptions, command: (clew: Clew, output: Output) => Promise<number>) => Promise<void>;

function createProgram(execute: Execute): Command {
  const program = new Command("clew")
    .description("Browser work that loses no event. CLEW_URL says where the gateway is, CLEW_API_KEY who asks.")
    .version(manifest.version)
    .exitOverride()
    // What is wrong is said as every other error is.
    .configureOutput({ outputError: () => {} })
    .addHelpText(
      "after",
      "\nExit codes: 0 the run completed, 1 it did not, 2 what was asked is wrong, 3 no gateway answers, 130 you left and the run goes on.",
    );
  const command = (usage: string, description: string, parent = program) =>
    parent.command(usage).description(description).option("--json", "one JSON object a line").option("--url <url>", "the gateway");

  command("run [playbook]", "start a run of a playbook, a file or an id of the catalogue, or of a directive, and follow it")
    .option("--directive <text>", "what is to be done, in words; an agent does it where no playbook is for it")
    .option("--max-steps <count>", "the most steps an agent may take, 1 to 200")
    .option("--param <name=value>", "a parameter; may repeat", collect, [])
    .option("--credential <name=value>", "a secret, better as name=@VARIABLE from the environment; may repeat", collect, [])
    .option("--label <name=value>", "a label to find the run by; may repeat", collect, [])
    .option("--allow-private-host <host:port>", "a private host the run may reach; may repeat", collect, [])
    .option("--start-url <url>", "where the browser starts")
    .option("--timeout <seconds>", "the most the run may take, 5 to 3600")
    .option("--file <name=path>", "a file the run may read under that name; may repeat", collect, [])
    .option("--browser-state <name>", "the saved login to start from, and to save it under when the run completes")
    .option("--fork-from <run>", "begin with the session that this run left")
    .option("--continue-from <run>", "continue in the sandbox and browser that this run keeps")
    .option("--keep-alive <seconds>", "keep its sandbox and browser so long after its end, and its session; 0: its session only, for forks")
    .option("--wait-for-person <seconds>", "how long it may wait for people in all; without it nobody is there")
    .option("--model <provider:name>", "the model it calls, where it calls one")
    .option("--cassette <file>", "answer with what models once answered, from this recording; none is called")
    .option("--record-cassette", "keep what models are asked and answer, to be replayed")
    .option("--video", "keep a video of each page")
    .option("--screenshots", "keep a picture after each action")
    .option("--no-trace", "keep no trace")
    .option("--no-logs", "keep no logs of the console and the network")
    .option("--request-id <id>", "the same id and the same request start one run only")
    .option("--detach", "print the run's id and leave")
    .option("--dry-run", "check, and start nothing")
    .action((work: string | undefined, options: RunOptions & CommonOptions) =>
      execute(options, (clew, output) => runCommand(clew, output, work, options)),
    );
  command("stream <run>", "follow a run from its first event, or after a token")
    .option("--after <token>", "a resume token, a sequence, or now")
    .option("--types <types>", "only events of these types, with commas between")
    .action((run: string, options: CommonOptions & { after?: string; types?: string }) =>
      execute(options, (clew, output) => streamCommand(clew, output, run, options)),
    );
  command("get <run>", "show a run")
    .option("--wait <seconds>", "answer when it is over, or after this time")
    .action((run: string, options: CommonOptions & { wait?: string }) =>
      execute(options, (clew, output) => getCommand(clew, output, run, options)),
    );
  command("list", "show the newest runs")
    .option("--state <state>", "in this state; may repeat", collect, [])
    .option("--label <name=value>", "with this label; may repeat", collect, [])
    .option("--playbook <id>", "of this playbook")
    .option("--limit <count>", "how many", "20")
    .action((options: CommonOptions & { state: string[]; label: string[]; playbook?: string; limit: string }) =>
      execute(options, (clew, output) => listCommand(clew, output, options)),
    );
  command("stop <run>", "ask a run to stop")
    .option("--reason <text>", "why")
    .option("--grace <seconds>", "what a running action has, 0 to 120; 0 kills")
    .action((run: string, options: CommonOptions & { reason?: string; grace?: string }) =>
      execute(options, (clew, output) => stopCommand(clew, output, run, options)),
    );
  command("release <run>", "let go of what a run left for others, and end its sandbox").action((run: string, options: CommonOptions) =>
    execute(options, (clew, output) => releaseCommand(clew, output, run)),
  );
  command("answer <run>", "answer what a run asks a person")
    .option("--input <id>", "which question; what it asks now unless given")
    .option("--approve", "yes: what it asks may be done, or you have done it")
    .option("--deny", "no")
    .option("--answer <text>", "a text")
    .option("--secret <value>", "a secret, better as @VARIABLE from the environment")
    .option("--browser-state <file>", "a login: Playwright's storageState")
    .action((run: string, options: AnswerOptions & CommonOptions) =>
      execute(options, (clew, output) => answerCommand(clew, output, run, options)),
    );
  command("artifacts <run> [name]", "list the files a run left, or save one")
    .option("-o, --output <file>", "where to; - is standard output")
    .action((run: string, name: string | undefined, options: CommonOptions & { output?: string }) =>
      execute(options, (clew, output) => artifactsCommand(clew, output, run, name, options)),
    );
  command("explain <run>", "say what was asked of a run, what it did, why it ended, and what to do next").action(
    (run: string, options: CommonOptions) => execute(options, (clew, output) => explainCommand(clew, output, run)),
  );
  command("verify <run|file>", "check that a run's record is whole: a journal's file, a run on the volume, or what the gateway shows")
    .option("--volume <folder>", "where the run's journal is; CLEW_VOLUME, or .clew, unless given")
    .action((what: string, options: CommonOptions & { volume?: string }) =>
      execute(options, async (clew, output) => {
        // Only this command needs a Protobuf runtime.
        const { verifyCommand } = await import("./commands/verify.ts");
        return await verifyCommand(clew, output, what, options);
      }),
    );
  command("playbooks", "list the playbooks of the catalogue").action((options: CommonOptions) => execute(options, playbooksCommand));
  const playbook = program.command("playbook").description("check, show or import a playbook, or take over one that a run proposes");
  command("check <file...>", "say whether files are playbooks that can run, and what is wrong where", playbook).action(
    (files: string[], options: CommonOptions) => execute(options, (clew, output) => checkPlaybooksCommand(clew, output, files)),
  );
  command("show <playbook>", "show what a playbook is and takes, a file or an id of the catalogue", playbook).action(
    (name: string, options: CommonOptions) => execute(options, (clew, output) => showPlaybookCommand(clew, output, name)),
  );
  command("apply <run> <file>", "show how the playbook that a run proposes differs from a file, and write it there", playbook)
    .option("--yes", "write over a file that is there without asking")
    .action((run: string, file: string, options: CommonOptions & { yes?: boolean }) =>
      execute(options, (clew, output) => applyPlaybookCommand(clew, output, run, file, options)),
    );
  const written = (usage: string, description: string, parent = program) =>
    parent
      .command(usage)
      .description(description)
      .requiredOption("-o, --output <file>", "the playbook to write")
      .option("--force", "overwrite it where it is there already")
      .option("--json", "one JSON object a line");
  written("record <url>", "open a browser, and write what you do in it as a playbook").action((url: string, options: WrittenOptions) =>
    execute(options, () => recorderCommand({ command: "record", url, ...options })),
  );
  written("import <recording>", "write a recording of Chrome DevTools' Recorder (JSON) as a playbook", playbook).action(
    (recording: string, options: WrittenOptions) => execute(options, () => recorderCommand({ command: "import", recording, ...options })),
  );
  command("doctor", "look at what Clew needs on this machine").action((options: CommonOptions) => execute(options, doctorCommand));
  return program;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
