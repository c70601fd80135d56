import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProcess } from "@clew/process/process-tree";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TempFolder, tempFolder } from "../test/support/temp-folder.ts";
import { ServiceProcess } from "./service-process.ts";
import { SupervisedService, type Supervision } from "./supervised-service.ts";

let temp: TempFolder;

beforeAll(async () => {
  temp = await tempFolder();
});
afterAll(() => temp[Symbol.asyncDispose]());

/** Supervises some lines of JavaScript; `pids` are of the processes that listened, `asked` the addresses each start was given. */
async function supervise(source: string, more: Partial<Supervision> = {}) {
  const main = join(temp.path, "service.mjs");
  writeFileSync(main, source);
  const pids: number[] = [];
  const asked: string[] = [];
  const said: string[] = [];
  const service = await SupervisedService.start({
    address: "127.0.0.1:0",
    start: async (address, signal) => {
      asked.push(address);
      const process = await ServiceProcess.start({ name: "echo", main, env: {}, signal });
      pids.push(process.pid);
      return process;
    },
    onTrouble: (sentence) => said.push(sentence),
    backoffMs: 10,
    ...more,
  });
  return { service, pids, asked, said };
}

const listens = `console.log(JSON.stringify({ level: 30, msg: "listening", address: "127.0.0.1:4711" }));`;
const stays = "setInterval(() => {}, 1000);";

test("starts a service that was killed again, at the address it had, and says so", async () => {
  const { service, pids, asked, said } = await supervise(`${listens} ${stays}`);
  await using _ = service;
  process.kill(pids[0] ?? 0, "SIGKILL");
  await expect.poll(() => pids.length).toBe(2);
  expect(asked).toEqual(["127.0.0.1:0", "127.0.0.1:4711"]);
  await expect.poll(() => said).toEqual(["The echo ended by itself (SIGKILL).", "The echo runs again on 127.0.0.1:4711."]);
});

test("gives up a service that ends again and again, and lets one end that is well in between", async () => {
  const short = `${listens} setTimeout(() => process.exit(3), 20);`;
  const hopeless = await supervise(short);
  expect(await hopeless.service.ended).toBe("given up");
  expect(hopeless.pids).toHaveLength(5);
  expect(hopeless.said.at(-1)).toBe("The echo ended by itself (exit code 3).");
  const fair = await supervise(short, { wellMs: 1 });
  await expect.poll(() => fair.pids.length, { timeout: 15_000 }).toBeGreaterThan(6);
  await fair.service.stop();
});

test("counts a start that fails as an end, and says why it failed", async () => {
  const { service, pids, said } = await supervise(`${listens} setTimeout(() => process.exit(1), 20);`);
  writeFileSync(join(temp.path, "service.mjs"), `console.error("no disk"); process.exit(1);`);
  expect(await service.ended).toBe("given up");
  expect(pids).toHaveLength(1);
  expect(said.filter((sentence) => sentence.includes("ended at its start. Its last lines:\n  no disk"))).toHaveLength(4);
});

test("starts nothing again once it was stopped, whatever it was doing then", async () => {
  const running = await supervise(`process.on("SIGINT", () => process.exit(0)); ${listens} ${stays}`);
  await running.service.stop("SIGINT");
  expect(await running.service.ended).toBe("stopped");
  expect(running.said).toEqual([]);

  const waiting = await supervise(`${listens} setTimeout(() => process.exit(1), 20);`, { backoffMs: 3_600_000 });
  await expect.poll(() => waiting.said).toHaveLength(1);
  await waiting.service.stop();
  expect(await waiting.service.ended).toBe("stopped");
  expect(waiting.pids).toHaveLength(1);
});

test("kills also what it is just starting", async () => {
  const { service, pids } = await supervise(`${listens} setTimeout(() => process.exit(1), 20);`);
  const pidFile = join(temp.path, "pid");
  writeFileSync(
    join(temp.path, "service.mjs"),
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); ${stays}`,
  );
  const starting = () => Number(readFileSync(pidFile, { encoding: "utf8", flag: "a+" }));
  await expect.poll(starting, { timeout: 15_000 }).toBeGreaterThan(0);
  service.kill();
  expect(await service.ended).toBe("stopped");
  await expect.poll(() => readProcess(starting())).toBeUndefined();
  expect(pids).toHaveLength(1);
});
