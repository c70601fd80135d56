import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { delay } from "@clew/streams/delay";

/** A program that stands between readers and a gateway. Dispose it: it is stopped, and its folder is gone. */
export interface MiddleBox extends AsyncDisposable {
  readonly url: string;
}

/** How to start one. */
export interface MiddleBoxOptions {
  /** What is asked for, as Debian's package is called. */
  readonly program: "nginx" | "haproxy";
  /** Makes its configuration: it is to listen on this port of 127.0.0.1, and to write nowhere but in the folder. */
  readonly configure: (port: number, folder: string) => string;
}

/** The commands that run in the foreground with a configuration. */
const commands = {
  nginx: (file: string, folder: string) => ["-p", folder, "-e", join(folder, "error.log"), "-c", file, "-g", "daemon off;"],
  haproxy: (file: string) => ["-db", "-f", file],
};

/**
 * Starts it on a free port with a configuration of its own, and waits until it listens.
 *
 * @throws Error that says what to install where the program is missing, or what the program said where it does not start.
 */
export async function startMiddleBox({ program, configure }: MiddleBoxOptions): Promise<MiddleBox> {
  const path = findProgram(program);
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `clew-${program}-`));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const file = join(folder, `${program}.conf`);
  await writeFile(file, configure(port, folder));
  const child = spawn(path, commands[program](file, folder), { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  undo.defer(() => stop(child));
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`${program} did not start: ${said.join("")}`);
    await delay(20);
  }
  const all = undo.move();
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function findProgram(program: string): string {
  const folders = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => [folder, folder.replace(/\/bin$/, "/sbin")]);
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (found === undefined)
    throw new Error(`${program} is not installed: apt-get install ${program} (or your system's package), then run this again`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return address.port;
}

async function listens(port: number): Promise<boolean> {
  const probe = connect({ host: "127.0.0.1", port });
  try {
    await once(probe, "connect");
    return true;
  } catch {
    return false;
  } finally {
    probe.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  // Readers are cut off: a graceful stop would wait for streams that do not end.
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(timer);
}
