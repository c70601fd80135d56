import type { Implementation } from "@clew/grpc/service";
import type { SandboxAgentServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { beginStay } from "./begin-stay.ts";
import { deliverInput } from "./deliver-input.ts";
import { keepBrowser } from "./keep-browser.ts";
import { startWork } from "./start-work.ts";
import { stopWork } from "./stop-work.ts";
import { takeBrowserState } from "./take-browser-state.ts";
import type { WorkSlot } from "./work-slot.ts";

/** Binds the agent's calls to the work of one run after the other. */
export function createSandboxAgentService(slot: WorkSlot): Implementation<SandboxAgentServiceService> {
  return {
    startWork: startWork(slot),
    stopWork: stopWork(slot),
    deliverInput: deliverInput(slot),
    takeBrowserState: takeBrowserState(slot),
    keepBrowser: keepBrowser(slot),
    beginStay: beginStay(slot),
  };
}
