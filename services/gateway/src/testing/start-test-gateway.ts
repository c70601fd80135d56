import { createLogger } from "@clew/process/logger";
import type { GatewayConfig } from "../config.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../gateway.ts";
import { FakeOrchestrator } from "./fake-orchestrator.ts";

/** A gateway before a fake orchestrator, both on ports of their own. */
export interface TestGateway extends AsyncDisposable {
  readonly fake: FakeOrchestrator;
  readonly gateway: Gateway;
  readonly url: string;
}

/** Starts a gateway and the fake orchestrator behind it. */
export async function startTestGateway(config: Partial<GatewayConfig> = {}, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const fake = await FakeOrchestrator.start();
  const gateway = await startGateway(
    {
      address: { kind: "tcp", host: "127.0.0.1", port: 0 },
      orchestrator: fake.address,
      allowedHosts: [],
      corsOrigins: [],
      apiKeysConfigured: false,
      ...config,
    },
    { log: createLogger({ name: "gateway", level: "silent" }), ...options },
  );
  return {
    fake,
    gateway,
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await fake[Symbol.asyncDispose]();
    },
  };
}
