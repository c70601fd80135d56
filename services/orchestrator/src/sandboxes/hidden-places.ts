import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";

/** Names the files and folders with the operator's secrets, which no sandbox may see: the volume's key, the files with settings and credential sets, and what settings name as `file:`. */
export function hiddenPlaces(
  settings: Readonly<Record<string, unknown>> & { readonly CLEW_VOLUME: string; readonly CLEW_SECRETS?: string | undefined },
  settingsFile: string | undefined,
): Readonly<Record<string, string>> {
  const files = Object.entries(settings).flatMap(([name, value]): [string, string][] =>
    typeof value === "string" && value.startsWith("file:") ? [[name, value.slice("file:".length)]] : [],
  );
  const places: Readonly<Record<string, string | undefined>> = {
    "the volume": join(settings.CLEW_VOLUME, "volume.key"),
    CLEW_CONFIG: settingsFile,
    CLEW_SECRETS: settings.CLEW_SECRETS,
    ...Object.fromEntries(files),
  };
  return Object.fromEntries(
    Object.entries(places).flatMap(([name, place]) => (place === undefined ? [] : [[name, whereItIs(resolve(place))]])),
  );
}

/** A link may lead to what a sandbox sees, and not be seen itself. */
function whereItIs(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
