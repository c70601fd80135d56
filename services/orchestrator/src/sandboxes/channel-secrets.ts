import { createHmac } from "node:crypto";

/** The secrets of a sandbox's two channels. */
export interface ChannelSecrets {
  readonly warden: string;
  /** All the agent is told: it can neither call its warden nor pass for it. */
  readonly agent: string;
}

/** Derives both channels' secrets from the sandbox's one. */
export function deriveChannelSecrets(secret: string): ChannelSecrets {
  const derive = (role: string) => createHmac("sha256", secret).update(role).digest("base64url");
  return { warden: derive("warden"), agent: derive("agent") };
}
