import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";

vi.setConfig({ testTimeout: 90_000 });

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

/** What the command knows of the machine: no screen. */
const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

/** Runs the command where there is no screen. */
function clew(cwd: string, ...args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd, env }, (error, out, err) => resolve({ code: error?.code ?? 0, out, err }));
  });
}

/** A screen that nobody sees; answers its name once windows can be shown on it. */
async function openScreen(): Promise<{ readonly display: string } & AsyncDisposable> {
  const screen = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(screen, "exit");
  const [chunk]: unknown[] = await Promise.race([once(screen.stdout, "data"), ended.then(() => [""])]);
  return {
    display: `:${String(chunk).trim()}`,
    async [Symbol.asyncDispose]() {
      screen.kill();
      await ended;
    },
  };
}

test("clew playbook import writes a playbook, says what it takes and what was left out, and overwrites nothing unasked", async () => {
  await using folder = await tempFolder();
  const recording = {
    title: "a",
    steps: [
      { type: "setViewport", width: 1, height: 1 },
      { type: "navigate", url: "https://shop.example/" },
      { type: "change", value: "Io", selectors: [["aria/Name"]] },
      { type: "change", value: "hush", selectors: [["aria/Password"]] },
    ],
  };
  await writeFile(join(folder.path, "recording.json"), JSON.stringify(recording));
  const args = ["playbook", "import", "recording.json", "-o", "new work.yaml"];
  const first = await clew(folder.path, ...args);
  expect(first).toEqual({
    code: 0,
    out: 'Wrote new work.yaml: 2 steps.\n    --param name="Io"\n    --credential password=@VARIABLE\n',
    err: "  Step 1 (setViewport) is left out: the run has a window of its own.\n",
  });
  const written = await readFile(join(folder.path, "new work.yaml"), "utf8");
  expect(written).toContain("id: new-work\n");
  expect(await clew(folder.path, ...args)).toMatchObject({
    code: 2,
    err: expect.stringContaining("new work.yaml is there already; --force"),
  });
  const forced = await clew(folder.path, ...args, "--force", "--json");
  expect(JSON.parse(forced.out)).toMatchObject({ output: "new work.yaml", steps: 2, parameters: [{ name: "name" }, { name: "password" }] });
});

test("clew record opens a window where there is a screen, and writes what a hand does in it when it is told to end", async () => {
  await using folder = await tempFolder();
  const asked: (string | undefined)[] = [];
  const page = `<title>Shop</title><button style="position:fixed;inset:0" onclick="fetch('/ordered')">Order</button>`;
  const site = createServer(({ url: path }, response) => {
    asked.push(path);
    response.setHeader("content-type", "text/html").end(page);
  });
  await once(site.listen(0, "127.0.0.1"), "listening");
  await using _site = site;
  const address = site.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`;
  await using screen = await openScreen();
  const seeing = { ...env, DISPLAY: screen.display };
  const command = spawn(process.execPath, [main, "record", url, "-o", "shop.yaml"], { cwd: folder.path, env: seeing });
  const ended = once(command, "close");
  let said = "";
  for (const stream of [command.stdout, command.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await vi.waitFor(() => expect(said).toContain("Recording. Close the window"), { timeout: 40_000, interval: 50 });
  await vi.waitFor(
    async () => {
      await promisify(execFile)("xdotool", ["mousemove", "640", "500", "click", "1"], { env: seeing });
      expect(asked).toContain("/ordered");
    },
    { timeout: 20_000, interval: 500 },
  );
  command.kill("SIGTERM");
  const [code]: unknown[] = await ended;
  expect(said).toContain("Wrote shop.yaml");
  expect(code).toBe(0);
  expect(await readFile(join(folder.path, "shop.yaml"), "utf8")).toContain("{ role: button, name: Order }");
});

test("clew record says what it lacks: a screen, an address, a file to write", async () => {
  await using folder = await tempFolder();
  expect(await clew(folder.path, "record", "https://shop.example", "-o", "a.yaml")).toMatchObject({
    code: 2,
    err: expect.stringMatching(/there is no display here .*ssh -X.*clew playbook import/),
  });
  const wrong = await clew(folder.path, "record", "shop", "-o", "a.yaml", "--json");
  expect(JSON.parse(wrong.err)).toMatchObject({
    error: { reason: "INVALID_REQUEST", message: expect.stringContaining("must be an address") },
  });
  expect(await clew(folder.path, "record", "https://shop.example")).toMatchObject({ code: 2, err: expect.stringContaining("--output") });
});
