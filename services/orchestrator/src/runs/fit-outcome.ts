import { Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import { shorten } from "./event.ts";
import { limits } from "./limits.ts";

const keptChars = 500;
const keptNameChars = 100;

/** An outcome whose texts are short and whose data is left out, for where the whole of it does not fit. */
export function shortOutcome(outcome: Outcome): Outcome {
  const { error, dataArtifact = "" } = outcome;
  return {
    ...outcome,
    summary: shorten(outcome.summary, keptChars),
    error: error && {
      ...error,
      code: shorten(error.code, keptNameChars),
      reason: shorten(error.reason, keptNameChars),
      message: shorten(error.message, keptChars),
      details: {},
    },
    data: undefined,
    extractedTexts: [],
    sessionMemory: "",
    truncated: true,
    // The half of a name is the name of nothing.
    dataArtifact: dataArtifact.length > limits.nameChars ? undefined : outcome.dataArtifact,
  };
}

/** An outcome that fits an event: as it is, or short. */
export function fitOutcome(outcome: Outcome): Outcome {
  const { byteLength } = Outcome.encode(outcome).finish();
  const fits = byteLength <= limits.eventBytes - limits.eventHeadroomBytes && !hasLongNames(outcome);
  return fits ? outcome : shortOutcome(outcome);
}

/** Whether what an outcome calls its error or its file is longer than a name may be. */
export function hasLongNames({ error, dataArtifact = "" }: Outcome): boolean {
  return [error?.code ?? "", error?.reason ?? "", dataArtifact].some(({ length }) => length > limits.nameChars);
}
