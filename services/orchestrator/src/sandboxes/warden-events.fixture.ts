import type { SandboxExited, SandboxReady } from "@clew/proto/grpc/clew/run/v1/run_event";
import type { SandboxConnection } from "./sandbox-connection.ts";

/** A sandbox whose warden is listened to. */
interface Watched {
  readonly connection: SandboxConnection;
}

/** Waits for the warden's `sandboxReady`; connections that its browser was denied meanwhile are passed over. */
export async function ready({ connection }: Watched): Promise<SandboxReady> {
  for await (const { frame } of connection.wardenEvents.streamSandboxEvents({ after: 0 })) {
    for (const { payload, summary } of frame?.$case === "events" ? frame.value.events : []) {
      if (payload?.$case === "sandboxReady") return payload.value;
      if (payload?.$case === "sandboxExited") throw new Error(`not ready: ${summary}`);
    }
  }
  throw new Error("the warden's stream ended early");
}

/** Reads the warden's events to their end, which is `sandboxExited`. */
export async function exited({ connection }: Watched): Promise<SandboxExited> {
  let last: SandboxExited | undefined;
  let ended = false;
  for await (const { frame } of connection.wardenEvents.streamSandboxEvents({ after: 0 })) {
    if (frame?.$case === "events") {
      const payload = frame.value.events.at(-1)?.payload;
      last = payload?.$case === "sandboxExited" ? payload.value : undefined;
    }
    ended = frame?.$case === "end";
  }
  if (last === undefined || !ended) throw new Error("the warden's stream did not end with sandboxExited");
  return last;
}
