import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface Entry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = <T>(file: string): T => JSON.parse(readFileSync(`${root}/${file}`, "utf8"));
const { packages } = read<{ packages: Readonly<Record<string, Entry>> }>("package-lock.json");
const workspaces = [
  "",
  ...globSync("{proto,packages/*,services/*,examples/*}/package.json", { cwd: root }).map((file) => file.replace(/\/package\.json$/, "")),
];

describe("package-lock.json", () => {
  test.each(workspaces)("knows what '%s' depends on, so that npm ci takes it", (workspace) => {
    const manifest = read<Entry>(`${workspace === "" ? "" : `${workspace}/`}package.json`);
    const parts = ({ dependencies = {}, devDependencies = {}, bin = {} }: Entry) => ({ dependencies, devDependencies, bin });
    expect(parts(packages[workspace] ?? {})).toEqual(parts(manifest));
  });

  test.each(workspaces)("'%s' names every version exactly", (workspace) => {
    const { dependencies = {}, devDependencies = {} } = read<Entry>(`${workspace === "" ? "" : `${workspace}/`}package.json`);
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  });

  test("names the optional packages of every platform", () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined,
      ),
    );
    expect(missing).toEqual([]);
  });

  test("names no registry", () => {
    const addressed = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && link !== true);
    expect(addressed.map(([path]) => path)).toEqual([]);
  });
});
