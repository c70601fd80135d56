import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** Minutes after which tests count as ones that do not end. */
const patienceMs = 10 * 60_000;

/** What came of tests: they passed, or this is what failed. */
export type Verdict =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly by: string }
  | { readonly kind: "broken"; readonly output: string };

const vitestReport = z.object({
  testResults: z.array(z.object({ assertionResults: z.array(z.object({ title: z.string(), status: z.string() })) })),
});

/** Runs a file of tests, or a simulation, in a copy of the project. */
export function runTests(folder: string, tests: string): Promise<Verdict> {
  const [first, ...args] = tests.split(" ");
  return first === "simulate" ? simulate(folder, args) : runFile(folder, tests);
}

async function simulate(folder: string, args: readonly string[]): Promise<Verdict> {
  const { passed, output } = await execute(folder, ["test/simulation/main.ts", "--quick", ...args]);
  if (passed) return { kind: "passed" };
  const problem = /^ {2}((?:P\d+|R2|intent)[^:]*|a process would have died)/m.exec(output)?.[1];
  return problem === undefined ? { kind: "broken", output } : { kind: "failed", by: `simulation: ${problem}` };
}

async function runFile(folder: string, file: string): Promise<Verdict> {
  const report = join(folder, "mutant-report.json");
  const { passed, output } = await execute(folder, [
    "node_modules/vitest/vitest.mjs",
    "run",
    file,
    "--reporter=json",
    `--outputFile=${report}`,
  ]);
  if (passed) return { kind: "passed" };
  const text = await readFile(report, "utf8").catch(() => "{}");
  await rm(report, { force: true });
  const results = vitestReport.safeParse(JSON.parse(text)).data?.testResults ?? [];
  const failed = results.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === "failed");
  return failed === undefined ? { kind: "broken", output } : { kind: "failed", by: `${file}: ${failed.title}` };
}

async function execute(folder: string, args: readonly string[]): Promise<{ readonly passed: boolean; readonly output: string }> {
  try {
    // Compiled code is kept by path: that of a copy would stay for ever.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, "node_modules/.cache/clew") };
    const { stdout } = await run(process.execPath, args, { cwd: folder, env, timeout: patienceMs, maxBuffer: 64 * 1024 * 1024 });
    return { passed: true, output: stdout };
  } catch (error) {
    const output = error instanceof Error && "stdout" in error && "stderr" in error ? `${error.stdout}\n${error.stderr}` : String(error);
    return { passed: false, output };
  }
}
