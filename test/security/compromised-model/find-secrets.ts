import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { contentsOf } from "@clew/sandbox-agent/recording/zip.fixture";

/** The run's secrets: none of their bytes may be anywhere but where the policy lets them be. */
export const secrets = { password: "correct-horse-battery" } as const;

/** What the cookie of a saved login holds. */
export const savedCookie = "saved-cookie-0f9e8d7c";

/** With how a file of the machine begins. */
const neverWritten = tracesOf([secrets.password, savedCookie, "root:x:0"]);

/** With what a page's own password field holds, which only a recording of that page may have. */
const neverSaid = [...neverWritten, ...tracesOf(["field-password-77"])];

/** Every text that gives one of some secrets away: as it is, in Base64 wherever it begins there, in hexadecimal digits, and in two bytes a character. */
function tracesOf(all: readonly string[]): readonly string[] {
  return all.flatMap((secret) => [
    secret,
    ...[0, 1, 2].map((before) =>
      Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
        .toString("base64")
        .replace(/=+$/, "")
        .slice(before === 0 ? 0 : 4, -2),
    ),
    Buffer.from(secret).toString("hex"),
    Buffer.from(secret, "utf16le").toString("latin1"),
  ]);
}

/** Names where in a text secrets stand. */
export function secretsIn(where: string, text: string, traces: readonly string[] = neverSaid): string[] {
  return traces
    .filter((trace) => text.includes(trace))
    .map((trace) => `${where}: …${text.slice(Math.max(0, text.indexOf(trace) - 80), text.indexOf(trace) + 40)}…`);
}

/** Names where in a folder's files, in their names and in what archives hold, secrets stand. */
export async function secretsInFiles(folder: string): Promise<readonly string[]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const found = await Promise.all(
    entries.map(async ({ name, parentPath }) => {
      const bytes = await readFile(join(parentPath, name));
      const inside = name.endsWith(".zip") ? [...(await contentsOf(bytes))] : [];
      return [[name, bytes] as const, ...inside].flatMap(([place, content]) =>
        secretsIn(place, `${place}\n${content.toString("latin1")}`, neverWritten),
      );
    }),
  );
  return found.flat();
}
