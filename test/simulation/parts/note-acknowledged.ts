import type { Implementation } from "@clew/grpc/service";
import type { SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import type { Stage } from "./stage.ts";

type EventService = Implementation<typeof SandboxEventServiceService>;

/** Notes what a producer is told is durable. `producer` as records number them. */
export function noteAcknowledged(
  service: EventService,
  stage: Stage,
  { runId, attempt }: { readonly runId: string; readonly attempt: number },
  producer: number,
): EventService {
  return {
    ...service,
    acknowledgeSandboxEvents(request, context) {
      stage.note({ kind: "acknowledged", runId, attempt, producer, through: request.through });
      return service.acknowledgeSandboxEvents(request, context);
    },
  };
}
