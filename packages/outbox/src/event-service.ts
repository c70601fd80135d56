import { Fault } from "@clew/fault/fault";
import type { Implementation } from "@clew/grpc/service";
import type { SandboxEventServiceService } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { linkSignals } from "@clew/streams/linked-signal";
import type { Outbox } from "./outbox.ts";
import type { Presence } from "./presence.ts";

/** Serves an outbox, or the one that a function answers at each call, to the orchestrator: one stream at a time, the newest wins; the older ends with SUPERSEDED. */
export function createEventService(outbox: Outbox | (() => Outbox), presence: Presence): Implementation<typeof SandboxEventServiceService> {
  const now = () => (typeof outbox === "function" ? outbox() : outbox);
  let current: ((reason: Fault) => void) | undefined;
  return {
    async *streamSandboxEvents({ after }, context) {
      current?.(new Fault("SUPERSEDED"));
      using link = linkSignals(context.signal);
      using _ = presence.hold();
      const end = link.abort;
      current = end;
      try {
        yield* now().stream(after, { signal: link.signal });
      } finally {
        if (current === end) current = undefined;
      }
    },
    async acknowledgeSandboxEvents({ through }) {
      presence.note();
      now().acknowledge(through);
      return {};
    },
  };
}
