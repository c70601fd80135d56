import { execFile } from "node:child_process";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bubblewrapArguments } from "./bubblewrap-arguments.ts";
import { sandboxUser } from "./sandbox-user.ts";
import { systemPaths } from "./system-paths.ts";

let folder: string;
let ours: string;
const user = sandboxUser({ uid: process.getuid?.() ?? 0, pid: process.pid, id: "isolation" });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "clew-isolation-"));
  ours = join(folder, "ours");
  await mkdir(ours);
  await writeFile(join(folder, "theirs.txt"), "another run's");
  if (user !== undefined) await chown(ours, user.uid, user.gid);
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs a script in a sandbox; answers what it prints as JSON. */
async function inSandbox(script: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    "bwrap",
    bubblewrapArguments({
      system: await systemPaths(),
      readable: [process.execPath],
      writable: [ours],
      environment: { PATH: "/usr/bin", OURS: ours, THEIRS: join(folder, "theirs.txt") },
      workingFolder: ours,
      tempBytes: 1024 * 1024,
      limits: { threads: 64, fileBytes: 4 * 1024 * 1024 },
      user,
      command: [process.execPath, "--input-type=module", "-e", `const fs = await import("node:fs"); ${script}`],
    }),
    { timeout: 20_000 },
  );
  return JSON.parse(stdout);
}

/** What trying something inside comes to. */
const attempt = (code: string) =>
  `let tried = "done"; try { ${code} } catch (error) { tried = error.code; } console.log(JSON.stringify(tried));`;

test("sees its own folder and no other, and no process but its own", async () => {
  expect(await inSandbox(attempt(`fs.writeFileSync(process.env.OURS + "/kept", "x")`))).toBe("done");
  expect(await readFile(join(ours, "kept"), "utf8")).toBe("x");
  expect(await inSandbox(attempt(`fs.readFileSync(process.env.THEIRS)`))).toBe("ENOENT");
  expect(await inSandbox(attempt(`process.kill(${process.pid}, 0)`))).toBe("ESRCH");
  expect(await inSandbox(`console.log(JSON.stringify(fs.readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).length <= 3))`)).toBe(
    true,
  );
});

test("cannot write outside its folder, nor fill the machine's memory through its temporary one", async () => {
  for (const path of ["/x", "/usr/x", "/etc/x", process.execPath]) {
    expect(await inSandbox(attempt(`fs.writeFileSync(${JSON.stringify(path)}, "x")`))).toBe("EROFS");
  }
  expect(await inSandbox(attempt(`fs.writeFileSync("/tmp/full", Buffer.alloc(2 * 1024 * 1024))`))).toBe("ENOSPC");
});

test("cannot write a file, nor start processes, without end, and leaves no image of its memory", async () => {
  const write = `fs.writeFileSync(process.env.OURS + "/large", Buffer.alloc(5 * 1024 * 1024))`;
  expect(await inSandbox(`process.on("SIGXFSZ", () => {}); ${attempt(write)}`)).toBe("EFBIG");
  const fork = `const { spawn } = await import("node:child_process");
    const children = Array.from({ length: 100 }, () => spawn("sleep", ["100"]).on("error", () => {}));
    console.log(JSON.stringify(children.filter(({ pid }) => pid !== undefined).length)); process.exit(0);`;
  expect(await inSandbox(fork)).toBeLessThan(64);
  expect(
    await inSandbox(`console.log(JSON.stringify(/^Max core file size +0 +0 /m.test(fs.readFileSync("/proc/self/limits", "utf8"))))`),
  ).toBe(true);
});

test("has the environment it was given and nothing of ours", async () => {
  expect(await inSandbox(`console.log(JSON.stringify(Object.keys(process.env).sort()))`)).toEqual(["OURS", "PATH", "PWD", "THEIRS"]);
});

test("reaches no address, the machine's own loopback included", async () => {
  const heard: string[] = [];
  const canary = createServer((request) => void heard.push(request.url ?? "")).listen(0, "127.0.0.1");
  await new Promise((resolve) => canary.once("listening", resolve));
  const { port } = canary.address() as AddressInfo;
  const reach = (host: string) =>
    inSandbox(
      `const { connect } = await import("node:net"); connect(${port}, "${host}").on("error", ({ code }) => console.log(JSON.stringify(code))).on("connect", () => { console.log('"reached"'); process.exit(0); });`,
    );
  expect(await reach("127.0.0.1")).toBe("ECONNREFUSED");
  expect(await reach("10.0.0.1")).toBe("ENETUNREACH");
  expect(await reach("169.254.169.254")).toBe("ENETUNREACH");
  expect(heard).toEqual([]);
  canary.close();
});

test.runIf(user !== undefined)("is nobody on the machine, whatever it is inside", async () => {
  expect(await inSandbox(`console.log(JSON.stringify(process.getuid()))`)).toBe(1000);
  await inSandbox(attempt(`fs.writeFileSync(process.env.OURS + "/owned", "x")`));
  const { stdout } = await promisify(execFile)("stat", ["-c", "%u", join(ours, "owned")]);
  expect(Number(stdout)).toBe(user?.uid);
});
