import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@clew/process/logger";
import { type DeepPartial, RunSpec } from "@clew/proto/grpc/clew/run/v1/run";
import { RunEvent } from "@clew/proto/grpc/clew/run/v1/run_event";
import { CreateRunRequest } from "@clew/proto/grpc/clew/run/v1/run_service";
import { abortable } from "@clew/streams/abortable";
import type { Caller } from "../access/caller.ts";
import { nodeDisk } from "../journal/disk.ts";
import { FailingDisk } from "../journal/failing-disk.ts";
import { hashSource } from "../playbooks/catalogue.ts";
import { Registry } from "../registry/registry.ts";
import { streamRunEvents } from "../rpc/stream-run-events.ts";
import { KeptRecords } from "../sandboxes/kept-records.ts";
import type { SandboxProvider } from "../sandboxes/sandbox-provider.ts";
import { Room, type RoomOptions } from "../volume/room.ts";
import { Tombstones } from "../volume/tombstones.ts";
import { openVolume, type Volume } from "../volume/volume.ts";
import { Runs } from "./runs.ts";
import type { RunsOptions } from "./runs-options.ts";

/** Who asks in these tests. */
export const caller: Caller = {
  tenant: "default",
  key: "test",
  actor: "",
  keyId: "",
  rights: new Set(["read", "run"]),
  subjects: new Set(["run", "tenant"]),
  reach: "tenant",
  types: new Set(),
};

const source = "id: nothing\nsteps:\n  - { action: goto, params: { url: 'http://127.0.0.1/' } }\n";

/** Sandboxes that never become ready: what is tested is what befalls the volume meanwhile. */
const waitingProvider: SandboxProvider = {
  isolation: "process",
  start: (_plan, { signal }) => abortable(new Promise<never>(() => {}), signal),
  find: async () => undefined,
  connect: () => {
    throw new Error("There is no sandbox.");
  },
  isAlive: async () => false,
  kill: async () => {},
  remove: async () => {},
  clear: async () => {},
};

interface TestRunsOptions extends Partial<RoomOptions> {
  readonly slots: number;
  readonly start?: SandboxProvider["start"];
  readonly allowanceOf?: RunsOptions["allowanceOf"];
}

/** A run that is created, where it is not like others. */
interface TestRun {
  readonly requestId?: string;
  readonly tenant?: string;
  readonly spec?: DeepPartial<RunSpec>;
}

/** Runs on a volume of their own, whose disk can be made to fail. Dispose it: the volume goes. */
export interface TestRuns extends AsyncDisposable {
  readonly runs: Runs;
  readonly room: Room;
  readonly disk: FailingDisk;
  readonly volume: Volume;
  readonly registry: Registry;
  /** Creates a run; it stays queued where there are no slots. */
  create(run?: TestRun): Promise<string>;
  /** Follows a run from after a token until its stream ends or breaks. */
  follow(runId: string, after?: string): Promise<{ events: RunEvent[]; ended: boolean; fault: unknown }>;
  /** Lets go of all runs and opens them again, as the next orchestrator would. */
  restart(between?: () => Promise<void>, slots?: number): Promise<void>;
}

/** Starts it with so many slots; `start` is what starting a sandbox comes to, otherwise waiting. */
export async function startRuns({ slots, start, allowanceOf, folder: given, ...room }: TestRunsOptions): Promise<TestRuns> {
  const provider = start === undefined ? waitingProvider : { ...waitingProvider, start };
  const folder = given ?? (await mkdtemp(join(tmpdir(), "clew-runs-")));
  const volume = await openVolume(folder);
  const disk = new FailingDisk(nodeDisk);
  const open = async (maxConcurrentRuns: number) => {
    const parts = new AsyncDisposableStack();
    const opened = {
      parts,
      room: parts.use(await Room.open({ folder, ...room })),
      registry: parts.use(new Registry(folder)),
    };
    const { registry } = opened;
    const logger = createLogger({ name: "test", level: "silent" });
    const tombstones = await Tombstones.open(folder);
    const bounds = { maxConcurrentRuns, maxQueuedRuns: 2_000, ...(allowanceOf && { allowanceOf }) };
    const keptRecords = await KeptRecords.open(volume, logger);
    const options = { volume, registry, tombstones, provider, keptRecords, logger, ...bounds };
    const runs = parts.use(new Runs({ ...options, room: opened.room, disk }));
    await runs.recover();
    return { ...opened, runs };
  };
  let now = await open(slots);
  return {
    get runs() {
      return now.runs;
    },
    get room() {
      return now.room;
    },
    get registry() {
      return now.registry;
    },
    disk,
    volume,
    async create({ requestId = "", tenant = caller.tenant, spec: more = {} } = {}) {
      const spec = RunSpec.fromPartial({ work: { $case: "playbookSource", value: source }, ...more });
      const reference = { id: "nothing", version: "", sha256: hashSource(source) };
      const wanted = {
        resolve: async () => ({ source, reference, called: {}, spec, inputs: [] }),
        caller: { ...caller, tenant },
        traceparent: undefined,
      };
      const { id } = await now.runs.create(CreateRunRequest.fromPartial({ requestId, spec }), wanted);
      return id;
    },
    async follow(runId, after = "") {
      const events: RunEvent[] = [];
      const request = { runId, resumeToken: after, types: [] };
      try {
        for await (const { frame } of streamRunEvents(request, caller, now.runs, AbortSignal.timeout(15_000))) {
          if (frame?.$case === "events") events.push(...frame.value.events.map((bytes) => RunEvent.decode(bytes)));
          if (frame?.$case === "end") return { events, ended: true, fault: undefined };
        }
        return { events, ended: false, fault: undefined };
      } catch (fault) {
        return { events, ended: false, fault };
      }
    },
    async restart(between = async () => {}, slotsThen = slots) {
      await now.parts.disposeAsync();
      await between();
      now = await open(slotsThen);
    },
    async [Symbol.asyncDispose]() {
      await now.parts.disposeAsync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
