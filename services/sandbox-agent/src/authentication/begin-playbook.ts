import type { Playbook } from "@clew/playbook/playbook-schema";
import { openStart } from "../playbook/open-start.ts";
import type { Findings, StepContext } from "../playbook/step-context.ts";
import type { StepPlace } from "../playbook/step-place.ts";
import { authenticate } from "./authenticate.ts";
import { captureLogin } from "./capture.ts";

/** Does what comes before a playbook's first step: logs in, opens its start address, and keeps what the playbook wants of the login. */
export async function beginPlaybook(
  playbook: Playbook,
  startUrl: string | undefined,
  placeOf: (part: "login" | "start") => StepPlace,
  findings: Findings,
  context: StepContext,
): Promise<void> {
  await authenticate(playbook, startUrl, findings.values, { ...context, place: placeOf("login") });
  // What a caller, or an earlier round of a loop, left on the page is not what this playbook starts from.
  const isOpen = context.callDepth === 0 && context.active.url === startUrl;
  if (startUrl !== undefined && !isOpen) await openStart(startUrl, placeOf("start"), context);
  await captureLogin(playbook.capture, findings, context);
}
