import type { JsonObject } from "@bufbuild/protobuf";
import { Fault } from "@clew/fault/fault";
import type { FastifyInstance } from "fastify";
import { isServing } from "../upstream/health.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { refuseOtherMethods } from "./door.ts";
import { landingPage } from "./landing-page.ts";
import type { Metrics } from "./metrics.ts";

const readyTimeoutMs = 2_000;

/** What the plain door needs. */
export interface PlainOptions {
  readonly upstream: Upstream;
  readonly metrics: Metrics;
  readonly version: string;
  /** The OpenAPI document. */
  readonly openApi: JsonObject;
}

/** Serves what people and operators ask: the page at `/`, `/openapi.json`, `/healthz`, `/readyz` and `/metrics`. */
export function servePlain(app: FastifyInstance, { upstream, metrics, version, openApi }: PlainOptions): void {
  app.get("/", { config: { door: "plain" } }, async (request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'")
      .send(landingPage({ version, origin: `${request.protocol}://${request.host}` })),
  );
  app.get("/openapi.json", { config: { door: "plain" } }, async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(JSON.stringify(openApi)),
  );
  app.get("/healthz", { config: { door: "plain" } }, async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send('{"status":"ok"}'),
  );
  app.get("/readyz", { config: { door: "plain" } }, async (_request, reply) => {
    const isReady = await isServing(upstream, { timeoutMs: readyTimeoutMs }).catch(() => false);
    if (!isReady) throw new Fault("ORCHESTRATOR_UNAVAILABLE");
    return reply.type("application/json; charset=utf-8").send('{"status":"ok"}');
  });
  app.get("/metrics", { config: { door: "plain" } }, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  for (const url of ["/", "/openapi.json", "/healthz", "/readyz", "/metrics"]) refuseOtherMethods(app, url, ["GET", "HEAD"]);
}
