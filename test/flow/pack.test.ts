import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { encodeFileHeader } from "@clew/journal-format/file-header";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { findNodes, installPackedPackages } from "../support/packed-packages.ts";
import { sampleEvents, sampleRunId } from "../support/sample-run.ts";
import { sse, startStubGateway, stream } from "../support/stub-gateway.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const events = sampleEvents(7);

let temp: TempFolder;
let folder: string;
let nodes: readonly string[];

beforeAll(async () => {
  temp = await tempFolder();
  folder = temp.path;
  await installPackedPackages(folder);
  nodes = await findNodes();
});
afterAll(() => temp[Symbol.asyncDispose]());

describe("the packages others install", () => {
  it("hold JavaScript and types only, and nothing of the private channel", async () => {
    const files = (await run("find", [join(folder, "node_modules/@clew"), "-type", "f"])).stdout.split("\n");
    expect(files.filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))).toEqual([]);
    expect(files.filter((file) => file.includes("sandbox"))).toEqual([]);
    expect(files.some((file) => file.endsWith("schema/clew/run/v1/run_service.proto"))).toBe(true);
  });

  it("follow a run over a cut connection, on every Node that is here", async () => {
    await writeFile(
      join(folder, "follow.js"),
      `import { createClew, Fault } from "@clew/client";
       const clew = createClew();
       const run = await clew.createRun({ playbook: "hello" });
       const sequences = [];
       for await (const event of run.events()) sequences.push(event.sequence);
       const { state, outcome } = await run.result();
       const fault = await clew.run("nothing").artifact("nothing").catch((thrown) => thrown instanceof Fault && thrown.reason);
       console.log(JSON.stringify({ sequences, state, summary: outcome.summary, fault, version: process.version }));`,
    );
    expect(nodes.length).toBeGreaterThan(0);
    for (const node of nodes) {
      await using gateway = await startStubGateway({ events });
      gateway.script(`GET /v1/runs/${sampleRunId}/stream`, stream(sse(events[0]!) + sse(events[1]!).slice(0, 40)));
      const { stdout, stderr } = await run(node, ["follow.js"], { cwd: folder, env: { CLEW_URL: gateway.url } });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toMatchObject({
        sequences: [1, 2, 3, 4, 5, 6, 7],
        state: "COMPLETED",
        summary: "Cancelled order 12345.",
        fault: "ARTIFACT_NOT_FOUND",
      });
    }
  });

  it("bring the clew command, on every Node that is here", async () => {
    for (const node of nodes) {
      await using gateway = await startStubGateway({ events });
      const { stdout } = await run(node, [join(folder, "node_modules/.bin/clew"), "run", "hello", "--param", "a=b"], {
        cwd: folder,
        env: { CLEW_URL: gateway.url },
      });
      expect(stdout).toContain("   2   +0.4 s  Opened page 2\n");
      expect(stdout).toContain("COMPLETED after 2.4 s: Cancelled order 12345.");
      expect((await run(node, [join(folder, "node_modules/.bin/clew"), "--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
  });

  it("bring a clew command that reads journals, on every Node that is here", async () => {
    await writeFile(join(folder, "journal"), encodeFileHeader(sampleRunId, 1));
    for (const node of nodes) {
      await using gateway = await startStubGateway({ events });
      const clew = (...args: readonly string[]) =>
        run(node, [join(folder, "node_modules/.bin/clew"), ...args], { cwd: folder, env: { CLEW_URL: gateway.url } });
      expect((await clew("verify", sampleRunId)).stdout).toMatch(/^ok {2}run-\d+: 7 events /);
      expect((await clew("explain", sampleRunId)).stdout).toContain("Result    Cancelled order 12345.");
      await expect(clew("verify", "journal")).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^UNFINISHED {2}run-\d+: 0 events /),
      });
    }
  });

  it.each(["nodenext", "bundler"])(
    "have types that hold under moduleResolution %s, without any other types installed",
    async (moduleResolution) => {
      await writeFile(
        join(folder, "typed.ts"),
        `import { createClew, type RunEvent, type RunSpec } from "@clew/client";
       import { formatEventLine } from "@clew/cli/event-line";
       import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
       const spec: RunSpec = { playbook: "hello", params: { a: "b" }, timeoutSeconds: 60 };
       const run = await createClew({ transport: "connect" }).createRun(spec);
       for await (const event of run.events({ after: run.resumeToken, types: ["stepCompleted"] })) {
         const sequence: number = event.sequence;
         if (event.type === "stepCompleted") { const success: boolean = event.stepCompleted.success; void success; }
         // @ts-expect-error another type's payload is not there to be read
         if (event.type === "runStarted") event.stepCompleted;
         console.log(sequence, formatEventLine(event, run.createTime), RunService.typeName);
       }
       const { outcome } = await run.result();
       const texts: readonly string[] = outcome.extractedTexts;
       export const steps = (event: RunEvent) => (event.type === "runFinished" ? event.runFinished.run?.usage?.steps : texts.length);
       // @ts-expect-error there is no such field
       const wrong: RunSpec = { playbok: "hello" };
       void wrong;`,
      );
      const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
      const options = {
        strict: true,
        noEmit: true,
        target: "es2022",
        lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
        types: [],
        module,
        moduleResolution,
      };
      await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["typed.ts"] }));
      const checked = run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]).catch(({ stdout }) => ({
        stdout,
      }));
      expect((await checked).stdout).toBe("");
    },
  );

  it("are bundled for browsers without anything of Node", async () => {
    await writeFile(join(folder, "page.js"), `import { createClew } from "@clew/client"; globalThis.clew = createClew({ url: "" });`);
    const result = await build({
      entryPoints: [join(folder, "page.js")],
      outdir: join(folder, "bundle"),
      bundle: true,
      splitting: true,
      platform: "browser",
      format: "esm",
      target: "es2022",
      minify: true,
      metafile: true,
      write: false,
      absWorkingDir: folder,
    });
    expect(result.warnings).toEqual([]);
    const inputs = Object.keys(result.metafile.inputs);
    expect(inputs.filter((path) => path.startsWith("node:") || path.includes("grpc-js"))).toEqual([]);
    expect(inputs.some((path) => path.includes("connect-web"))).toBe(true);
    // Protobuf is loaded only by who asks for the Connect transport.
    const [page] = Object.entries(result.metafile.outputs).filter(([path]) => path.endsWith("page.js"));
    expect(Object.keys(page![1].inputs).filter((path) => path.includes("protobuf") || path.includes("connectrpc"))).toEqual([]);
    expect(page![1].bytes).toBeLessThan(60_000);
    expect(JSON.parse(await readFile(join(folder, "node_modules/@clew/client/package.json"), "utf8"))).not.toHaveProperty("private");
  });

  it("follow a run in Chromium, and load the other transport when it is asked for", async () => {
    await writeFile(
      join(folder, "browser.js"),
      `import { createClew } from "@clew/client";
       globalThis.follow = async (transport) => {
         const run = await createClew({ url: location.origin, transport }).createRun({ playbook: "hello" });
         const sequences = [];
         for await (const event of run.events()) sequences.push(event.sequence);
         return { sequences, state: (await run.result()).state };
       };`,
    );
    const { outputFiles } = await build({
      entryPoints: [join(folder, "browser.js")],
      bundle: true,
      platform: "browser",
      format: "iife",
      target: "es2022",
      write: false,
      absWorkingDir: folder,
    });
    await using gateway = await startStubGateway({ events });
    gateway.script("GET /", (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<title>page</title>"));
    gateway.script(`GET /v1/runs/${sampleRunId}/stream`, stream(sse(events[0]!) + sse(events[1]!).slice(0, 40)));
    await using browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(gateway.url);
    await page.addScriptTag({ content: outputFiles[0]!.text });
    expect(await page.evaluate("follow('sse')")).toEqual({ sequences: [1, 2, 3, 4, 5, 6, 7], state: "COMPLETED" });
    // The stub speaks no Connect; that the answer is a Fault shows that the transport loads and asks.
    expect(await page.evaluate("follow('connect').catch((fault) => fault.name)")).toBe("Fault");
  });
});
