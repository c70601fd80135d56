import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type PackageShape, packManifest, rewriteImports } from "./pack-manifest.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** One package that others install. */
interface Pack extends PackageShape {
  /** The workspace's folder. */
  readonly workspace: string;
  /** Where each folder of emitted code, or of files that are taken as they are, lies in the package. */
  readonly folders: Readonly<Record<string, string>>;
}

const packs: readonly Pack[] = [
  {
    workspace: "proto",
    folders: { "proto/gen/connect": "connect", "proto/gen/grpc": "grpc", "proto/clew": "schema/clew", "proto/google": "schema/google" },
    exports: { "./connect/*": "./connect/*", "./grpc/*": "./grpc/*", "./schema/*.proto": "./schema/*.proto" },
    optional: ["@grpc/grpc-js"],
  },
  {
    workspace: "packages/client",
    // fault and streams are small and nobody else's: they travel inside.
    folders: { "packages/client/src": "client", "packages/fault/src": "fault", "packages/streams/src": "streams" },
    exports: { ".": "./client/index" },
    inlined: ["@clew/fault", "@clew/streams"],
  },
  {
    workspace: "packages/cli",
    folders: { "packages/cli/src": "cli", "packages/journal-format/src": "journal-format", "packages/fault/src": "fault" },
    exports: { "./event-line": "./cli/event-line" },
    bin: { clew: "cli/main.js" },
    // commander wants a newer Node than the client does, but runs on 20 once bundled.
    inlined: ["commander", "@clew/journal-format"],
  },
];

/** Builds every package and writes one tarball each into `out`, which is emptied first. Answers the tarballs' paths. */
export async function pack(out: string): Promise<readonly string[]> {
  const work = join(root, "dist");
  await mkdir(work, { recursive: true });
  const stage = await mkdtemp(join(work, "stage-"));
  try {
    await emit(stage);
    await rm(out, { recursive: true, force: true });
    await mkdir(out, { recursive: true });
    const tarballs: string[] = [];
    for (const one of packs) tarballs.push(await packOne(one, stage, out));
    return tarballs;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** Turns the TypeScript of all packages into JavaScript and types, below `<stage>/emitted`. */
async function emit(stage: string): Promise<void> {
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      target: "es2022",
      rootDir: root,
      outDir: join(stage, "emitted"),
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: ["proto/gen", ...["fault", "streams", "journal-format", "client", "cli"].map((name) => `packages/${name}/src`)].map((folder) =>
      join(root, folder),
    ),
    exclude: [join(root, "**/*.test.ts"), join(root, "**/*.fixture.ts")],
  };
  await writeFile(join(stage, "tsconfig.json"), JSON.stringify(config));
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", join(stage, "tsconfig.json")], { stdio: "inherit" });
}

async function packOne({ workspace, folders, ...shape }: Pack, stage: string, out: string): Promise<string> {
  const target = join(stage, workspace);
  const moved = new Map<string, string>();
  for (const [from, to] of Object.entries(folders)) {
    const owner = /^packages\/([\w-]+)\/src$/.exec(from)?.[1];
    if (owner !== undefined) moved.set(`@clew/${owner}`, to);
    const emitted = from.startsWith("proto/") && !from.startsWith("proto/gen") ? join(root, from) : join(stage, "emitted", from);
    // The channel between orchestrator and sandbox is nobody else's.
    await cp(emitted, join(target, to), { recursive: true, filter: (source) => !source.includes(join("clew", "sandbox")) });
  }
  await rewriteFolder(target, moved);
  const manifest = JSON.parse(await readFile(join(root, workspace, "package.json"), "utf8"));
  await writeFile(join(target, "package.json"), `${JSON.stringify(packManifest(manifest, shape), undefined, 2)}\n`);
  if (workspace === "packages/cli") await bundleCli(target, Object.values(folders));
  await writeFile(join(target, "README.md"), `# ${manifest.name}\n\n${manifest.description}\n`);
  await cp(join(root, "LICENSE"), join(target, "LICENSE"));
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", out], {
      cwd: target,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  return join(out, packed.filename);
}

async function rewriteFolder(target: string, moved: ReadonlyMap<string, string>): Promise<void> {
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|d\.ts)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const places = [...moved].map(([name, folder]) => [name, toSpecifier(relative(dirname(path), join(target, folder)))]);
    await writeFile(path, rewriteImports(await readFile(path, "utf8"), Object.fromEntries(places)));
  }
}

function toSpecifier(path: string): string {
  return path.startsWith("..") ? path : `./${path}`;
}

/** Makes one file of the command and what it imports but other packages of ours; the `parts` it was made of go. */
async function bundleCli(target: string, parts: readonly string[]): Promise<void> {
  const folder = join(target, "cli");
  const result = await build({
    entryPoints: [join(folder, "main.js"), join(folder, "event-line.js")],
    outdir: folder,
    write: false,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["@clew/client", "@clew/proto", "@bufbuild/protobuf"],
    nodePaths: [join(root, "node_modules")],
    legalComments: "inline",
  });
  const types = await readFile(join(folder, "event-line.d.ts"), "utf8");
  for (const part of parts) await rm(join(target, part), { recursive: true });
  await mkdir(folder);
  for (const file of result.outputFiles) await writeFile(file.path, file.contents, { mode: 0o755 });
  await writeFile(join(folder, "event-line.d.ts"), types);
}

if (import.meta.main) {
  for (const tarball of await pack(join(root, "dist/packs"))) console.log(relative(root, tarball));
}
