import type { Clew } from "@clew/client";
import { formatFinding } from "../doctor/check.ts";
import { checkChromium } from "../doctor/chromium.ts";
import { checkFfmpeg } from "../doctor/ffmpeg.ts";
import { checkNode } from "../doctor/node.ts";
import { checkGateway, checkKey, checkOrchestrator } from "../doctor/services.ts";
import { checkSettings } from "../doctor/settings.ts";
import { checkVolume } from "../doctor/volume.ts";
import { exitCode } from "../exit-code.ts";
import type { Output } from "../output.ts";

/** Looks at what Clew needs on this machine, one line each with the fix. Fails only where something will not work. */
export async function doctorCommand(clew: Clew, output: Output): Promise<number> {
  const { CLEW_ORCHESTRATOR_ADDRESS = "127.0.0.1:9090", CLEW_VOLUME = ".clew", CLEW_API_KEY = "" } = process.env;
  const [node, chromium, ffmpeg, settings, gateway, orchestrator, key] = await Promise.all([
    checkNode(process.versions.node),
    checkChromium(process.env),
    checkFfmpeg(process.env),
    checkSettings(clew, process.env),
    checkGateway(clew.url),
    checkOrchestrator(CLEW_ORCHESTRATOR_ADDRESS),
    checkKey(clew, CLEW_API_KEY !== ""),
  ]);
  const volume = await checkVolume(CLEW_VOLUME, gateway.level === "ok" || orchestrator.level === "ok");
  const findings = [node, chromium, ffmpeg, gateway, orchestrator, ...settings, volume, key];
  for (const finding of findings) {
    output.emit(finding);
    output.say(formatFinding(finding));
  }
  return findings.some(({ level }) => level === "bad") ? exitCode.failed : exitCode.done;
}
