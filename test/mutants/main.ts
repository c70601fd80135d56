import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runTests, type Verdict } from "./catch-mutant.ts";
import { type Mutant, readMutant } from "./mutant.ts";
import { makeScratchCopy, type ScratchCopy } from "./scratch-copy.ts";

/**
 * Puts one known bug after another into a scratch copy of the project, and runs the tests that should catch it: `npm run mutants`, or
 * `npm run mutants -- m01 m12`. All of them together write docs/mutants.md.
 */

const root = fileURLToPath(new URL("../..", import.meta.url));
const patches = import.meta.dirname;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Which test caught a mutant; undefined where none did. */
interface Caught {
  readonly mutant: Mutant;
  readonly by: string | undefined;
}

process.exitCode = await main(process.argv.slice(2));

async function main(wanted: readonly string[]): Promise<number> {
  const names = (await readdir(patches)).filter((name) => name.endsWith(".patch")).sort();
  const chosen = names.filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));
  await using copy = await makeScratchCopy(root);
  const clean = new Map<string, Promise<Verdict>>();
  const caught: Caught[] = [];
  for (const name of chosen) {
    const mutant = readMutant(name.replace(/\.patch$/, ""), await readFile(join(patches, name), "utf8"));
    const by = await hunt(copy, mutant, clean);
    say(`${mutant.name}: ${by === undefined ? "SURVIVED" : `caught by ${by}`}`);
    caught.push({ mutant, by });
  }
  if (wanted.length === 0) await writeFile(join(root, "docs", "mutants.md"), page(caught));
  const survivors = caught.filter(({ by }) => by === undefined);
  say(`${caught.length - survivors.length} of ${caught.length} caught.`);
  return survivors.length > 0 ? 1 : 0;
}

/** Runs a mutant's tests until one fails. Those that fail without it prove nothing. @throws where its patch does not fit, or a test does not run. */
async function hunt(copy: ScratchCopy, mutant: Mutant, clean: Map<string, Promise<Verdict>>): Promise<string | undefined> {
  for (const tests of mutant.tests) {
    const without = clean.get(tests) ?? runTests(copy.folder, tests);
    clean.set(tests, without);
    const verdict = await without;
    if (verdict.kind !== "passed") throw new Error(`${tests} fails without any mutant: ${JSON.stringify(verdict).slice(0, 2_000)}`);
    await copy.apply(join(patches, `${mutant.name}.patch`));
    const found = await runTests(copy.folder, tests);
    await copy.restore();
    if (found.kind === "broken") throw new Error(`${mutant.name}: ${tests} did not run: ${found.output.slice(-2_000)}`);
    if (found.kind === "failed") return found.by;
  }
  return undefined;
}

function page(caught: readonly Caught[]): string {
  const rows = caught.map(({ mutant, by }) => {
    const what = mutant.adapted === undefined ? mutant.breaks : `${mutant.breaks}. ${mutant.adapted}`;
    return `| ${mutant.name} | ${mutant.recreates} | ${what} | ${by ?? "**nothing**"} |`;
  });
  return `# Mutants

Bugs that other systems really had, put into this one on purpose, one at a time: \`npm run mutants\` applies each of the patches in
\`test/mutants\` to a scratch copy, runs the tests that its header names, and writes this page. One that survives is a hole in the tests; a
patch that no longer fits, or a test that fails without it, ends the command.

${caught.filter(({ by }) => by !== undefined).length} of ${caught.length} are caught.

| mutant | recreates | what it breaks here | caught by |
|---|---|---|---|
${rows.join("\n")}
`;
}
