import { channelCredentials } from "@clew/grpc/channel-proof";
import { connectGrpc } from "@clew/grpc/client";
import type { GrpcClient } from "@clew/grpc/service";
import {
  SandboxAgentServiceService,
  SandboxEventServiceService,
  WardenServiceService,
} from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { deriveChannelSecrets } from "./channel-secrets.ts";
import type { SandboxProcess } from "./sandbox-provider.ts";

/** The calls of one sandbox. Dispose it to close its connections; the sandbox goes on. */
export interface SandboxConnection extends AsyncDisposable {
  readonly agent: GrpcClient<typeof SandboxAgentServiceService>;
  /** What the agent says. */
  readonly agentEvents: GrpcClient<typeof SandboxEventServiceService>;
  readonly warden: GrpcClient<typeof WardenServiceService>;
  /** What the warden says. */
  readonly wardenEvents: GrpcClient<typeof SandboxEventServiceService>;
}

/** Connects to a sandbox. Each call is proved both ways; it connects on the first call, and again by itself. */
export function connectSandbox(handle: Pick<SandboxProcess, "agentAddress" | "wardenAddress">, secret: string): SandboxConnection {
  const secrets = deriveChannelSecrets(secret);
  const agentProof = channelCredentials(secrets.agent).client;
  const wardenProof = channelCredentials(secrets.warden).client;
  const agent = connectGrpc(SandboxAgentServiceService, handle.agentAddress, agentProof);
  const agentEvents = connectGrpc(SandboxEventServiceService, handle.agentAddress, agentProof);
  const warden = connectGrpc(WardenServiceService, handle.wardenAddress, wardenProof);
  const wardenEvents = connectGrpc(SandboxEventServiceService, handle.wardenAddress, wardenProof);
  return {
    agent,
    agentEvents,
    warden,
    wardenEvents,
    async [Symbol.asyncDispose]() {
      for (const client of [agent, agentEvents, warden, wardenEvents]) client[Symbol.dispose]();
    },
  };
}
