import { describe, expect, it } from "vitest";
import { packManifest, rewriteImports } from "./pack-manifest.ts";

const workspace = {
  name: "@clew/x",
  version: "1.2.3",
  description: "X.",
  license: "MIT",
  dependencies: { a: "1.0.0", b: "2.0.0", "@clew/inside": "0.1.0" },
};

describe("the package.json of a package that others install", () => {
  it("leads each subpath to JavaScript and types, and names no workspace that travels inside", () => {
    expect(
      packManifest(workspace, { exports: { ".": "./x/index", "./s/*.proto": "./s/*.proto" }, inlined: ["@clew/inside"], optional: ["b"] }),
    ).toMatchObject({
      type: "module",
      engines: { node: ">=20" },
      exports: { ".": { types: "./x/index.d.ts", default: "./x/index.js" }, "./s/*.proto": "./s/*.proto" },
      dependencies: { a: "1.0.0" },
      peerDependencies: { b: "^2.0.0" },
      peerDependenciesMeta: { b: { optional: true } },
    });
  });

  it("is no longer private", () => {
    expect(packManifest({ ...workspace, ...{ private: true } }, { exports: {} })).not.toHaveProperty("private");
  });
});

describe("the imports of emitted code", () => {
  const moved = { "@clew/fault": "../fault" };
  it.each([
    ['import { Fault } from "@clew/fault/fault";', 'import { Fault } from "../fault/fault.js";'],
    ['export type { A } from "./a.ts";', 'export type { A } from "./a.js";'],
    ['type A = import("@clew/fault/fault").Fault;', 'type A = import("../fault/fault.js").Fault;'],
    ['import "./b.ts";', 'import "./b.js";'],
    ['import { c } from "@clew/faulty/c";', 'import { c } from "@clew/faulty/c";'],
    ['import { d } from "d";', 'import { d } from "d";'],
    ['const text = "./not-an-import.ts";', 'const text = "./not-an-import.ts";'],
  ])("of %s become %s", (before, after) => {
    expect(rewriteImports(before, moved)).toBe(after);
  });
});
