/** What of a workspace's package.json a package that others install keeps. */
export interface WorkspaceManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What differs from the workspace in the package that others install. */
export interface PackageShape {
  /** Where each subpath leads, without the extension: `.js` and `.d.ts` lie side by side. A value with an extension is taken as it is. */
  readonly exports: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  /** Dependencies whose code is inside the package. */
  readonly inlined?: readonly string[];
  /** Dependencies that only some users need: they install them themselves. */
  readonly optional?: readonly string[];
}

/** Makes the package.json of a package that others install: JavaScript and types in place of TypeScript, and no workspace left unresolved. */
export function packManifest(
  { name, version, description, license, dependencies }: WorkspaceManifest,
  shape: PackageShape,
): Record<string, unknown> {
  const { exports, bin, inlined = [], optional = [] } = shape;
  const kept = Object.entries(dependencies).filter(([dependency]) => !inlined.includes(dependency));
  const peers = kept.filter(([dependency]) => optional.includes(dependency));
  return {
    name,
    version,
    description,
    license,
    type: "module",
    engines: { node: ">=20" },
    sideEffects: false,
    ...(bin === undefined ? {} : { bin }),
    exports: Object.fromEntries(Object.entries(exports).map(([subpath, target]) => [subpath, toConditions(target)])),
    dependencies: Object.fromEntries(kept.filter(([dependency]) => !optional.includes(dependency))),
    ...(peers.length === 0
      ? {}
      : {
          peerDependencies: Object.fromEntries(peers.map(([dependency, range]) => [dependency, `^${range}`])),
          peerDependenciesMeta: Object.fromEntries(peers.map(([dependency]) => [dependency, { optional: true }])),
        }),
  };
}

function toConditions(target: string): string | { readonly types: string; readonly default: string } {
  return /\.\w+$/.test(target) ? target : { types: `${target}.d.ts`, default: `${target}.js` };
}

/** Rewrites the imports of emitted code: `.ts` to `.js` in declarations, and the packages in `moved` to where their code lies, relative to the file. */
export function rewriteImports(text: string, moved: Readonly<Record<string, string>>): string {
  return text.replace(/((?:from|import)\s*\(?\s*")([^"]+)(")/g, (whole: string, before: string, specifier: string, after: string) => {
    if (specifier.startsWith(".")) return `${before}${specifier.replace(/\.ts$/, ".js")}${after}`;
    const owner = Object.keys(moved).find((name) => specifier.startsWith(`${name}/`));
    return owner === undefined ? whole : `${before}${moved[owner]}${specifier.slice(owner.length)}.js${after}`;
  });
}
