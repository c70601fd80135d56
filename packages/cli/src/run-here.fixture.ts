import { runProgram } from "./program.ts";

/** How a command ended, and all it said. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where a command runs, and the only variables it knows; the process' own unless given. */
export interface Surroundings {
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a command line in this process, as main.ts does in one of its own. Afterwards all is as it was. */
export async function runHere(args: readonly string[], { folder, env }: Surroundings = {}): Promise<Ended> {
  const before = { folder: process.cwd(), env: process.env };
  const [out, err] = [keepWritten(process.stdout), keepWritten(process.stderr)];
  try {
    if (folder !== undefined) process.chdir(folder);
    if (env !== undefined) process.env = { ...env };
    const code = await runProgram(args);
    return { code, out: out.text(), err: err.text() };
  } finally {
    process.env = before.env;
    process.chdir(before.folder);
    out.restore();
    err.restore();
  }
}

function keepWritten(stream: NodeJS.WriteStream) {
  const { write } = stream;
  let text = "";
  stream.write = (chunk: Uint8Array | string) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  return {
    text: () => text,
    restore: () => {
      stream.write = write;
    },
  };
}
