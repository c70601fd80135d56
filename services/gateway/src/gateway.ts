import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { Fault } from "@clew/fault/fault";
import { type Address, formatAddress, isLocal } from "@clew/process/address";
import type { Logger } from "@clew/process/logger";
import { RunService } from "@clew/proto/connect/clew/run/v1/run_service_pb";
import type { FastifyInstance } from "fastify";
import manifest from "../package.json" with { type: "json" };
import type { GatewayConfig } from "./config.ts";
import { serveConnect } from "./connect/routes.ts";
import { createApp } from "./http/app.ts";
import { trackConnections } from "./http/connections.ts";
import { createMetrics } from "./http/metrics.ts";
import { defaultStreamLimits, OpenStreams } from "./http/open-streams.ts";
import { defaultPaceLimits, type PaceLimits } from "./http/paced-response.ts";
import { servePlain } from "./http/plain-routes.ts";
import { tellUnexpected } from "./http/unexpected.ts";
import { Hub } from "./hub/hub.ts";
import { KeyWatch } from "./hub/key-watch.ts";
import { defaultHubLimits, type HubLimits } from "./hub/limits.ts";
import { systemClock } from "./hub/system-clock.ts";
import { readBindings } from "./rest/bindings.ts";
import { toOpenApi } from "./rest/openapi.ts";
import { maxBodyBytes, type RestOptions, serveRest } from "./rest/routes.ts";
import { TurnEnd } from "./sse/turn-end.ts";
import { createRunSource } from "./upstream/run-source.ts";
import { ServiceKey } from "./upstream/service-key.ts";
import { openUpstream } from "./upstream/upstream.ts";

/** What a gateway is given beside its settings. */
export interface GatewayOptions {
  readonly log: Logger;
  /** What a reader may cost; the protocol's own limits unless given. */
  readonly pace?: PaceLimits;
  /** What the hub may keep, and how long the orchestrator is waited for. */
  readonly hub?: Partial<HubLimits>;
}

/** A running gateway. Disposing it ends its streams with `reconnect`, and closes every connection within 5 s. */
export interface Gateway extends AsyncDisposable {
  /** Where it answers, such as `http://127.0.0.1:8080`; `unix:/path` for a socket. */
  readonly url: string;
  /** The address it listens on, as `host:port` or `unix:/path`. */
  readonly address: string;
}

/** The gateway cannot start; the message says what to do. */
export class GatewayStartError extends Error {
  override readonly name = "GatewayStartError";
}

const closeMs = 3_000;

/**
 * Starts a gateway.
 *
 * @throws GatewayStartError where its address is taken, or is not local although no API keys are configured.
 */
export async function startGateway(config: GatewayConfig, { log, pace = defaultPaceLimits, ...given }: GatewayOptions): Promise<Gateway> {
  const { address } = config;
  if (!config.apiKeysConfigured && !isLocal(address)) {
    throw new GatewayStartError(
      `Without API keys the gateway listens on loopback only, not on ${formatAddress(address)}: set CLEW_API_KEYS, or CLEW_GATEWAY_ADDRESS to 127.0.0.1:8080.`,
    );
  }
  const closing = new AbortController();
  const metrics = createMetrics();
  const upstream = openUpstream(config.orchestrator);
  const clock = systemClock;
  const limits: HubLimits = { ...defaultHubLimits, ...given.hub };
  const onUnexpected = tellUnexpected(log, metrics.unexpected);
  const serviceKey = new ServiceKey({ key: config.serviceKey, file: config.file, read: config.readServiceKey, onUnreadable: onUnexpected });
  const keys = new KeyWatch(clock, limits.keyLookMs);
  const hub = new Hub({
    source: createRunSource(upstream, () => serviceKey.headers),
    clock,
    limits,
    watch: { gap: () => metrics.gapsDetected.inc(), reopened: () => metrics.upstreamReopens.inc(), failed: onUnexpected },
  });
  metrics.watchHub(hub);
  const streams = new OpenStreams({ ...defaultStreamLimits, ...config.streams }, clock, metrics.openStreams);
  const options: RestOptions = {
    upstream,
    hub,
    clock,
    limits,
    keys,
    streams,
    pace,
    stallMs: pace.stallMs,
    turnEnd: new TurnEnd(),
    shutdown: closing.signal,
    onStall: () => metrics.stalledReaders.inc(),
    onFarewell: (kind) => metrics.farewells.inc({ kind }),
    onReset: () => metrics.resets.inc(),
    onUnexpected,
  };
  const app = createApp({ config, log, metrics, newId: randomUUID });
  const connections = trackConnections(app.server);
  const bindings = readBindings(RunService);
  servePlain(app, { upstream, metrics, version: manifest.version, openApi: toOpenApi(bindings, manifest.version) });
  serveRest(app, bindings, options);
  void app.register((instance) => serveConnect(instance, { ...options, maxRequestBytes: maxBodyBytes }));
  try {
    await listen(app, address);
  } catch (error) {
    keys[Symbol.dispose]();
    serviceKey[Symbol.dispose]();
    upstream[Symbol.dispose]();
    throw error;
  }
  const bound = boundAddress(app, address);
  return {
    url: bound.kind === "unix" ? formatAddress(bound) : `${config.tls === undefined ? "http" : "https"}://${formatAddress(bound)}`,
    address: formatAddress(bound),
    async [Symbol.asyncDispose]() {
      closing.abort(new Fault("SHUTTING_DOWN"));
      streams.drain();
      const timer = setTimeout(() => connections.destroyAll(), closeMs);
      await app.close();
      clearTimeout(timer);
      keys[Symbol.dispose]();
      serviceKey[Symbol.dispose]();
      hub[Symbol.dispose]();
      upstream[Symbol.dispose]();
    },
  };
}

async function listen(app: FastifyInstance, address: Address): Promise<void> {
  try {
    // A socket's file outlives a process that was killed.
    if (address.kind === "unix") await rm(address.path, { force: true });
    await app.listen(address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "EADDRINUSE")
      throw new GatewayStartError(`${formatAddress(address)} is taken: stop what listens there, or set CLEW_GATEWAY_ADDRESS.`, {
        cause: error,
      });
    throw new GatewayStartError(
      `The gateway cannot listen on ${formatAddress(address)} (${String(error.code)}): set CLEW_GATEWAY_ADDRESS.`,
      { cause: error },
    );
  }
}

/** The address with the port that was free where 0 was asked for. */
function boundAddress(app: FastifyInstance, address: Address): Address {
  const bound = app.server.address();
  return address.kind === "unix" || bound === null || typeof bound === "string" ? address : { ...address, port: bound.port };
}
