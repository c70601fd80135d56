import { Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import { shorten } from "./event.ts";
import { limits } from "./limits.ts";

const keptChars = 500;

/** An outcome whose texts are short and whose data is left out, for where the whole of it does not fit. */
export function shortOutcome(outcome: Outcome): Outcome {
  const { error } = outcome;
  return {
    ...outcome,
    summary: shorten(outcome.summary, keptChars),
    error: error && { ...error, message: shorten(error.message, keptChars), details: {} },
    data: undefined,
    extractedTexts: [],
    sessionMemory: "",
    truncated: true,
  };
}

/** An outcome that fits an event: as it is, or short. */
export function fitOutcome(outcome: Outcome): Outcome {
  const { byteLength } = Outcome.encode(outcome).finish();
  return byteLength <= limits.eventBytes - limits.eventHeadroomBytes ? outcome : shortOutcome(outcome);
}
