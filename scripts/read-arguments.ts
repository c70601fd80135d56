import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

/** What a command's arguments come to: its options, or what to print and how to exit instead of running. */
export type ReadArguments = { readonly options: Readonly<Record<string, string>> } | { readonly text: string; readonly exitCode: 0 | 2 };

/** Reads `argv` for a command that takes the options of `known`, each with a value, and --help, and refuses all else. */
export function readArguments(argv: readonly string[], help: string, known: readonly string[] = []): ReadArguments {
  const options: ParseArgsOptionsConfig = { help: { type: "boolean", short: "h" } };
  for (const name of known) options[name] = { type: "string" };
  try {
    const { values } = parseArgs({ args: [...argv], options });
    if (values["help"] === true) return { text: help, exitCode: 0 };
    return {
      options: Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []))),
    };
  } catch (error) {
    const [said = ""] = (error instanceof Error ? error.message : String(error)).split(". To specify");
    return { text: `${said.replace(/\.?$/, ".")}\n\n${help}`, exitCode: 2 };
  }
}

/** Reads the arguments of this process; prints what there is to print instead of running, and exits. */
export function demandArguments(help: string, known: readonly string[] = []): Readonly<Record<string, string>> {
  const read = readArguments(process.argv.slice(2), help, known);
  if ("options" in read) return read.options;
  if (read.exitCode === 0) console.log(read.text);
  else console.error(read.text);
  process.exit(read.exitCode);
}
