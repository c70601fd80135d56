import { existsSync } from "node:fs";
import { chromiumPrograms, isHeadlessShell } from "@clew/process/chromium-programs";
import { chromium } from "playwright";

/** What recording needs of the machine. */
export interface RecorderSettings {
  /** The Chromium to run; undefined where there is none that can show a window. */
  readonly executablePath: string | undefined;
  /** Whether a window can be shown. */
  readonly hasDisplay: boolean;
}

/** Reads the environment: the Chromium that `CLEW_CHROMIUM` names (but a headless shell, which shows no window), else Playwright's own, else one of the path. */
export function readSettings(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): RecorderSettings {
  const places = [chromium.executablePath(), ...chromiumPrograms(env, { headed: true, platform })];
  const named = env["CLEW_CHROMIUM"] ?? "";
  const canShow = named !== "" && !isHeadlessShell(named);
  const isSet = (name: string) => (env[name] ?? "") !== "";
  return {
    executablePath: canShow ? named : places.find((place) => existsSync(place)),
    hasDisplay: platform !== "linux" || isSet("DISPLAY") || isSet("WAYLAND_DISPLAY"),
  };
}
