import { parseArgs } from "node:util";
import { untilSignal } from "@clew/process/until-signal";

/** What a benchmark is told. */
export interface BenchOptions {
  /** Seconds instead of minutes: to see that it works, not to measure. */
  readonly quick: boolean;
  readonly repeats: number;
  /** The folder to make volumes in; the OS's temp folder unless given. */
  readonly folder: string | undefined;
  /** The folder that holds an installed @durable-streams/server; nothing unless given. */
  readonly durableStreams: string | undefined;
}

/** Reads `[--quick] [--repeats N] [--folder F] [--durable-streams F]`. */
export function readOptions(repeats = 5): BenchOptions {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      repeats: { type: "string" },
      folder: { type: "string" },
      "durable-streams": { type: "string" },
    },
  });
  return {
    quick: values.quick,
    repeats: values.repeats === undefined ? (values.quick ? 1 : repeats) : Number(values.repeats),
    folder: values.folder,
    durableStreams: values["durable-streams"],
  };
}

/** Aborts when the benchmark is interrupted, so that it leaves no process and no file. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  void untilSignal().then((signal) => interrupted.abort(new Error(`Ended by ${signal}.`)));
  return interrupted.signal;
}
