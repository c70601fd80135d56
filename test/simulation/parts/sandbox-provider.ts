import { dirname, join } from "node:path";
import { Fault } from "@clew/fault/fault";
import { readSandboxFile, removeSandboxFile, writeSandboxFile } from "@clew/orchestrator/sandboxes/sandbox-file";
import type { SandboxHandle, SandboxProvider } from "@clew/orchestrator/sandboxes/sandbox-provider";
import { placesOf } from "@clew/outbox/work-folder";
import {
  SandboxAgentServiceService,
  SandboxEventServiceService,
  WardenServiceService,
} from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { onDisk } from "../platform/machine.ts";
import { connectSimulated } from "../world/calls.ts";
import type { Stage } from "./stage.ts";
import { startWarden } from "./warden.ts";

/** Makes a provider whose sandboxes are processes of the simulated machine. */
export function createSimulatedProvider(stage: Stage): SandboxProvider {
  const { world, disk, network } = stage;
  const isAlive = ({ pid, bootId }: SandboxHandle) =>
    bootId === String(stage.bootId) && world.processes.some((process) => process.pid === pid);
  const removeFolder = (path: string) => onDisk(0.2, () => void (disk.find(path) === undefined || disk.remove(path)));

  async function kill(handle: SandboxHandle): Promise<void> {
    if (handle.bootId !== String(stage.bootId)) return;
    await world.sleep(1);
    const id = `${handle.runId}.${handle.attempt}`;
    for (const process of world.processes) if (process.name === `warden ${id}` || process.name === `agent ${id}`) stage.kill(process);
  }

  return {
    isolation: "process",
    async start({ runId, attempt, runFolder, deadlineMs }, { signal }) {
      signal?.throwIfAborted();
      const workFolder = join(runFolder, `work-${attempt}`);
      await removeFolder(workFolder);
      await onDisk(0.1, () => disk.makeFolder(placesOf(workFolder).files, true));
      const id = `${runId}.${attempt}`;
      const warden = startWarden(stage, id);
      const handle: SandboxHandle = {
        runId,
        attempt,
        isolation: "process",
        wardenAddress: `unix:/warden.${id}`,
        agentAddress: `unix:/agent.${id}`,
        workFolder,
        pid: warden.pid,
        startTime: "1",
        bootId: String(stage.bootId),
      };
      try {
        await writeSandboxFile(runFolder, handle);
        warden.begin({ id, runId, attempt, workFolder, deadlineMs });
        await world.sleep(5);
        if (!isAlive(handle)) throw new Fault("SANDBOX_START_FAILED");
        return handle;
      } catch (error) {
        await kill(handle);
        await removeFolder(workFolder);
        await removeSandboxFile(runFolder, attempt);
        throw error;
      }
    },
    find: readSandboxFile,
    connect(handle) {
      const events = SandboxEventServiceService;
      const agent = connectSimulated(network, SandboxAgentServiceService, handle.agentAddress, "sandbox");
      const agentEvents = connectSimulated(network, events, handle.agentAddress, "sandbox");
      const warden = connectSimulated(network, WardenServiceService, handle.wardenAddress, "sandbox");
      const wardenEvents = connectSimulated(network, events, handle.wardenAddress, "sandbox");
      return {
        agent,
        agentEvents,
        warden,
        wardenEvents,
        async [Symbol.asyncDispose]() {
          for (const client of [agent, agentEvents, warden, wardenEvents]) client[Symbol.dispose]();
        },
      };
    },
    isAlive: async (handle) => isAlive(handle),
    kill,
    async remove(handle) {
      for (let waited = 0; isAlive(handle) && waited < 5_000; waited += 10) await world.sleep(10);
      await kill(handle);
      await removeFolder(handle.workFolder);
      await removeSandboxFile(dirname(handle.workFolder), handle.attempt);
    },
    clear: ({ runFolder, attempt }) => removeFolder(join(runFolder, `work-${attempt}`)),
  };
}
