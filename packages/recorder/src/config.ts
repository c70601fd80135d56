import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** What recording needs of the machine. */
export interface RecorderSettings {
  /** The Chromium to run; undefined where Playwright is to say what is missing. */
  readonly executablePath: string | undefined;
  /** Whether a window can be shown. */
  readonly hasDisplay: boolean;
}

/** Reads the environment: the Chromium that `CLEW_CHROMIUM` names, else Playwright's own, else one of the path. */
export function readSettings(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): RecorderSettings {
  const inPath = (env["PATH"] ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const places = [chromium.executablePath(), ...inPath];
  const isSet = (name: string) => (env[name] ?? "") !== "";
  return {
    executablePath: env["CLEW_CHROMIUM"] || places.find((place) => existsSync(place)),
    hasDisplay: platform !== "linux" || isSet("DISPLAY") || isSet("WAYLAND_DISPLAY"),
  };
}
