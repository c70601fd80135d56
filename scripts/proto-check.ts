import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const proto = fileURLToPath(new URL("../proto", import.meta.url));

/** Reads all files of a folder by their path in it. */
function read(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [relative(folder, path), readFileSync(path, "utf8")];
    }),
  );
}

const fresh = mkdtempSync(join(tmpdir(), "clew-proto-"));
try {
  execFileSync("buf", ["generate", "--output", fresh], { cwd: proto, stdio: "inherit" });
  const descriptors = ["--path", "clew/run/v1/run.proto", "--exclude-source-info", "--output", join(fresh, "gen/run.binpb")];
  execFileSync("buf", ["build", ...descriptors], { cwd: proto, stdio: "inherit" });
  const committed = read(join(proto, "gen"));
  const generated = read(join(fresh, "gen"));
  const paths = [...new Set([...committed.keys(), ...generated.keys()])].sort();
  const stale = paths.filter((path) => committed.get(path) !== generated.get(path));
  if (stale.length > 0) {
    console.error(
      `proto/gen is not what the proto files generate: ${stale.join(", ")}. Run npm run proto:generate and commit what it writes.`,
    );
    process.exitCode = 1;
  } else {
    console.log(`proto/gen is up to date: ${paths.length} files.`);
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
