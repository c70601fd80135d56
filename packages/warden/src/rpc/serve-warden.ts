import { unlink } from "node:fs/promises";
import { channelCredentials } from "@clew/grpc/channel-proof";
import { type GrpcServer, implement, startGrpcServer } from "@clew/grpc/server";
import { createEventService } from "@clew/outbox/event-service";
import type { Presence } from "@clew/outbox/presence";
import type { Logger } from "@clew/process/logger";
import { SandboxEventServiceService, WardenServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { WardenSettings } from "../config.ts";
import { createWardenService, type WardenParts } from "./warden-service.ts";

/** Serves a sandbox and what its warden says of it, at the warden's socket, to whoever proves to be its orchestrator. */
export async function serveWarden(
  { wardenSocket, wardenSecret }: Pick<WardenSettings, "wardenSocket" | "wardenSecret">,
  parts: WardenParts & { readonly presence: Presence; readonly log: Logger },
): Promise<GrpcServer> {
  const { stays, presence, log } = parts;
  const proof = channelCredentials(wardenSecret);
  await unlink(wardenSocket).catch(() => {});
  return await startGrpcServer({
    address: `unix:${wardenSocket}`,
    services: [
      implement(
        SandboxEventServiceService,
        createEventService(() => stays.current.outbox, presence),
      ),
      implement(WardenServiceService, createWardenService(parts)),
    ],
    authorize(context) {
      proof.authorize(context);
      presence.note();
    },
    onUnexpected: (error, path) => log.error({ err: error, path }, "call failed unexpectedly"),
  });
}
