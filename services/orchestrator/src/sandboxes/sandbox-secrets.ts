import type { Volume } from "../volume/volume.ts";
import type { SandboxName } from "./sandbox-id.ts";

/** Derives the secret of a sandbox's channel from the volume's key: nothing is stored, and the next orchestrator knows it too. */
export function sandboxSecrets(volume: Pick<Volume, "sign">): (name: SandboxName) => string {
  return (name) => ("warm" in name ? volume.sign("sandbox", "warm", name.warm) : volume.sign("sandbox", name.runId, String(name.attempt)));
}
