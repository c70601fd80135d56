import { existsSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { chromium } from "playwright";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** What recording needs of the machine. */
export interface RecorderSettings {
  /** The Chromium to run; undefined where Playwright is to say what is missing. */
  readonly executablePath: string | undefined;
  /** Whether a window can be shown. */
  readonly hasDisplay: boolean;
}

/** Reads the environment: the Chromium that `CLEW_CHROMIUM` names (but a headless shell, which shows no window), else Playwright's own, else one of the path. */
export function readSettings(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): RecorderSettings {
  const inPath = (env["PATH"] ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const places = [chromium.executablePath(), ...inPath];
  const named = env["CLEW_CHROMIUM"] ?? "";
  const canShow = named !== "" && !/headless[-_]shell/.test(basename(named));
  const isSet = (name: string) => (env[name] ?? "") !== "";
  return {
    executablePath: canShow ? named : places.find((place) => existsSync(place)),
    hasDisplay: platform !== "linux" || isSet("DISPLAY") || isSet("WAYLAND_DISPLAY"),
  };
}
