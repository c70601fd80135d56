import { expect, test } from "vitest";
import { createMask } from "./page-secrets.ts";
import { parseSnapshot, withoutFrames } from "./snapshot-tree.ts";

test("leaves out what frames show, and nothing else", () => {
  const mask = createMask([], (value) => value);
  const page = (framed: unknown[]) => [
    {
      role: "main",
      children: [
        { role: "iframe", ref: "e2", children: framed },
        { role: "heading", text: "Shop" },
      ],
    },
  ];
  const nodes = parseSnapshot(page([{ role: "textbox", text: "top-secret" }]), mask);
  expect(JSON.stringify(nodes)).toContain("top-secret");
  expect(withoutFrames(nodes)).toEqual(parseSnapshot(page([]), mask));
});
