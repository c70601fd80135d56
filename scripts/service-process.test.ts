import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readProcess } from "@clew/process/process-tree";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../test/support/temp-folder.ts";
import { readable, ServiceProcess, ServiceStartError } from "./service-process.ts";
import { startServices, withoutSettings } from "./services.ts";

let temp: TempFolder;
let folder: string;

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
});
afterAll(() => temp[Symbol.asyncDispose]());

/** A service in a file: some lines of JavaScript. */
function service(name: string, source: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, source);
  return path;
}

const listens = `console.log(JSON.stringify({ level: 30, msg: "listening", address: "127.0.0.1:4711" }));`;
const stays = "setInterval(() => {}, 1000);";

test("waits until the service says where it listens", async () => {
  const lines: string[] = [];
  const main = service("listens", `console.log("hello"); setTimeout(() => { ${listens} }, 50); ${stays}`);
  await using process = await ServiceProcess.start({ name: "echo", main, env: {}, onLine: (name, line) => lines.push(`${name}: ${line}`) });
  expect(process.address).toBe("127.0.0.1:4711");
  expect(lines[0]).toBe("echo: hello");
  expect(process.alive).toBe(true);
});

test("takes the address out of a url", async () => {
  const main = service("url", `console.log(JSON.stringify({ level: 30, msg: "gateway listens", url: "http://127.0.0.1:4712" })); ${stays}`);
  await using process = await ServiceProcess.start({ name: "echo", main, env: {} });
  expect(process.address).toBe("127.0.0.1:4712");
});

test("says the last lines of a service that ended at its start", async () => {
  const main = service("ends", `console.error("CLEW_VOLUME: cannot be written"); process.exit(1);`);
  const starting = ServiceProcess.start({ name: "echo", main, env: {} });
  await expect(starting).rejects.toThrow(ServiceStartError);
  await expect(starting).rejects.toThrow("The echo ended at its start. Its last lines:\n  CLEW_VOLUME: cannot be written");
});

test("kills a service that says nothing in time", async () => {
  const main = service("mute", `console.log(process.pid); ${stays}`);
  let pid = 0;
  const starting = ServiceProcess.start({
    name: "echo",
    main,
    env: {},
    startTimeoutMs: 500,
    onLine: (_name, line) => (pid = Number(line)),
  });
  await expect(starting).rejects.toThrow("did not listen within 0.5 s");
  await expect.poll(() => readProcess(pid)).toBeUndefined();
});

test("lets a service end by itself, and says how it ended", async () => {
  const main = service("graceful", `process.on("SIGINT", () => process.exit(7)); ${stays} ${listens}`);
  const process = await ServiceProcess.start({ name: "echo", main, env: {} });
  expect(await process.stop("SIGINT")).toEqual({ code: 7, signal: null });
  expect(process.alive).toBe(false);
});

test("kills a service that does not heed the signal, with its children", async () => {
  const child = service("child", stays);
  const main = service(
    "stubborn",
    `import { spawn } from "node:child_process";
     process.on("SIGTERM", () => {});
     console.log("child " + spawn(process.execPath, [${JSON.stringify(child)}]).pid); ${stays} ${listens}`,
  );
  let childPid = 0;
  const process = await ServiceProcess.start({
    name: "echo",
    main,
    env: {},
    onLine: (_name, line) => {
      if (line.startsWith("child ")) childPid = Number(line.slice("child ".length));
    },
  });
  expect(await process.stop("SIGTERM", 100)).toEqual({ code: null, signal: "SIGKILL" });
  await expect.poll(() => readProcess(childPid)).toBeUndefined();
});

test("names the setting that moves a service off a port that is taken", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    const starting = startServices({ volume: folder, gatewayAddress: `127.0.0.1:${port}` });
    await expect(starting).rejects.toThrow(`port ${port} is taken. Set CLEW_GATEWAY_ADDRESS`);
  } finally {
    server.close();
  }
});

test("hands on no setting but the Chromium's", () => {
  expect(withoutSettings({ PATH: "/bin", CLEW_URL: "http://elsewhere", CLEW_CHROMIUM: "/c" })).toEqual({
    PATH: "/bin",
    CLEW_CHROMIUM: "/c",
  });
});

test("says a log line in words, with its error's", () => {
  expect(readable('{"level":50,"msg":"volume is locked","err":{"message":"held by 12"}}')).toBe("volume is locked: held by 12");
  expect(readable("plain")).toBe("plain");
});
