import { open } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@clew/fault/fault";
import type { RunSpec, Usage } from "@clew/proto/grpc/clew/run/v1/run";
import type { StartWorkRequest_Models } from "@clew/proto/grpc/clew/sandbox/v1/sandbox_agent_service";
import { z } from "zod";
import { type InputPath, inputPaths } from "../files/input-files.ts";
import { chooseModels, type GrantedModels, grantModels } from "./choose-models.ts";
import type { ModelsConfig } from "./model-settings.ts";

/** The name under which a run keeps the cassette it was given: no file that it was given can be called so. */
const cassetteName = ".cassette";
const mostHeaderBytes = 64 * 1024;

const cassetteHeader = z.object({
  cassette: z.literal(1),
  models: z.object({ model: z.string().min(1), fallback: z.string(), utility: z.string() }),
});

/** Chooses the models of runs, and says what they are granted. */
export class RunModels {
  readonly #config: ModelsConfig;

  constructor(config: ModelsConfig) {
    this.#config = config;
  }

  /**
   * Chooses a run's models; with a cassette, those it was recorded with. Undefined where there are none.
   *
   * @throws Fault INVALID_REQUEST, or CASSETTE_INVALID.
   */
  async choose(spec: RunSpec, cassettePath: string | undefined): Promise<StartWorkRequest_Models | undefined> {
    if (cassettePath === undefined) return chooseModels(spec, this.#config);
    const { model, fallback, utility } = await readHeader(cassettePath);
    return chooseModels({ ...spec, model: spec.model ?? model }, { ...this.#config, fallback, utility });
  }

  /** The same of a run that is there, and what its warden is told to let it do. What is wrong by now is its work's to say: it may need no model. */
  async ofRun(spec: RunSpec, runFolder: string, used: Usage | undefined): Promise<ChosenModels | undefined> {
    const path = spec.cassette === undefined ? undefined : cassettePath(runFolder);
    const chosen = await this.choose(spec, path).catch(() => undefined);
    return chosen && { chosen, granted: grantModels(chosen, spec, used, this.#config, path) };
  }
}

/** A run's models: what its agent is told of them, and what its warden is. */
export interface ChosenModels {
  readonly chosen: StartWorkRequest_Models;
  readonly granted: GrantedModels;
}

/** A cassette as one of the files that a run is given. */
export function cassetteInput<T extends Omit<InputPath, "name">>(upload: T): T & InputPath {
  return { ...upload, name: cassetteName };
}

function cassettePath(runFolder: string): string {
  const [input] = inputPaths(runFolder, [{ name: cassetteName }]);
  return input?.path ?? join(runFolder, cassetteName);
}

async function readHeader(path: string): Promise<StartWorkRequest_Models> {
  const invalid = (cause?: unknown) => new Fault("CASSETTE_INVALID", { cause });
  await using file = await open(path, "r").catch((error: unknown) => {
    throw invalid(error);
  });
  const { buffer, bytesRead } = await file.read(Buffer.alloc(mostHeaderBytes), 0, mostHeaderBytes, 0);
  const [line = ""] = buffer.subarray(0, bytesRead).toString("utf8").split("\n");
  try {
    return cassetteHeader.parse(JSON.parse(line)).models;
  } catch (error) {
    throw invalid(error);
  }
}
