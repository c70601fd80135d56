import { linkSignals } from "@clew/streams/linked-signal";
import type { AskModel } from "./ask-model.ts";

/** A model that is let go of once the run is stopped, between its tries too: nothing would be made of its answer. */
export function untilStopped(askModel: AskModel, stopping: AbortSignal): AskModel {
  return async (call, signal) => {
    using link = linkSignals(signal, stopping);
    return await askModel(call, link.signal);
  };
}
