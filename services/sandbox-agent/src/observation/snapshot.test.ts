import { createRedact } from "@clew/playbook/redact";
import fc from "fast-check";
import { expect, test } from "vitest";
import { diffSnapshots } from "./diff-snapshot.ts";
import { fitLines } from "./fit-lines.ts";
import { toLines } from "./lines.ts";
import { drawPageMap } from "./page-map.ts";
import { createMask } from "./page-secrets.ts";
import { parseSnapshot, type SnapshotNode } from "./snapshot-tree.ts";

const mask = createMask([], (value) => value);
const text = fc.oneof(
  fc.constant(""),
  fc.string({ unit: "binary", maxLength: 600 }),
  fc.constantFrom("Save", 'a "quoted"\nline', "x".repeat(5_000)),
);
const role = fc.constantFrom("generic", "button", "link", "row", "cell", "table", "navigation", "textbox", "heading", "listitem", "iframe");

/** What Playwright answers: refs are its elements' own. */
const snapshot = fc
  .letrec<{ nodes: object[] }>((tie) => ({
    nodes: fc.array(
      fc.oneof(
        { maxDepth: 5 },
        text,
        fc.record({ role, name: text, text, url: text, level: fc.nat(6), checked: fc.boolean(), children: tie("nodes") }),
      ) as fc.Arbitrary<object>,
      { maxLength: 5 },
    ),
  }))
  .nodes.map((nodes) => {
    let ref = 0;
    return parseSnapshot(
      JSON.parse(JSON.stringify(nodes), (_key, value) =>
        typeof value === "object" && "role" in value ? { ...value, ref: `e${++ref}` } : value,
      ),
      mask,
    );
  });
const budget = fc.integer({ min: 200, max: 20_000 });

const refsOf = (nodes: readonly SnapshotNode[]): string[] =>
  nodes.flatMap((node) => [...(node.ref ? [node.ref] : []), ...refsOf(node.children)]);

test("what is shown never exceeds its budget, and every line of it is whole", () => {
  fc.assert(
    fc.property(snapshot, budget, fc.constantFrom("", "save", "e1", "x"), (nodes, most, find) => {
      const shown = fitLines(toLines(nodes), most, find);
      expect(shown.text.length).toBeLessThanOrEqual(most);
      for (const line of shown.text.split("\n")) expect(line).toMatch(/^\s*- |^\[.*\]$|^$/);
      expect(drawPageMap(nodes, most).length).toBeLessThanOrEqual(most);
    }),
  );
});

test("what is looked for is found in any budget, with a way to act on it", () => {
  fc.assert(
    fc.property(snapshot, budget, fc.nat(), (nodes, most, pick) => {
      const refs = refsOf(nodes);
      fc.pre(refs.length > 0);
      const ref = refs[pick % refs.length] ?? "";
      const { text, matches } = fitLines(toLines(nodes), most, ref);
      expect(matches).toBeGreaterThan(0);
      expect(text).toMatch(/\[ref=e\d+\]/);
      if (matches === 1) expect(text).toContain(`[ref=${ref}]`);
    }),
  );
});

test("nothing changed between a page and itself; all of it came where there was none, and went where there is none", () => {
  fc.assert(
    fc.property(snapshot, (nodes) => {
      expect(diffSnapshots(nodes, nodes)).toEqual([]);
      const say = (lines: ReturnType<typeof diffSnapshots>) => lines.map((line) => line.say(1_000)[0]);
      expect(say(diffSnapshots([], nodes))).toEqual(toLines(nodes).map(() => "+"));
      expect(say(diffSnapshots(nodes, []))).toEqual(nodes.map(() => "×"));
    }),
  );
});

test("every ref that came is in what changed", () => {
  fc.assert(
    fc.property(snapshot, snapshot, (before, after) => {
      const old = new Set(refsOf(before));
      const changes = diffSnapshots(before, after).map((line) => line.say(100_000));
      for (const ref of refsOf(after)) if (!old.has(ref)) expect(changes.some((line) => line.includes(`[ref=${ref}]`))).toBe(true);
    }),
  );
});

const orders = parseSnapshot(
  [
    { role: "navigation", ref: "e1", children: [{ role: "link", name: "Home", url: "/", ref: "e2" }] },
    { role: "heading", name: "Orders", level: 1, ref: "e3" },
    { role: "textbox", name: "User", ref: "e4", text: "ada" },
    { role: "textbox", name: "PIN", ref: "e5", text: "12" },
    {
      role: "table",
      ref: "e6",
      children: Array.from({ length: 30 }, (_, at) => ({
        role: "row",
        ref: `e${at + 10}`,
        children: [
          { role: "cell", name: `Order ${at}`, ref: `e${at + 100}` },
          { role: "cell", ref: `e${at + 200}`, children: [{ role: "button", name: "Cancel", ref: `e${at + 300}` }] },
        ],
      })),
    },
  ],
  createMask(["12"], createRedact([])),
);

test("a match is shown with what it stands in, and with the rest of its row", () => {
  expect(fitLines(toLines(orders), 1_000, "ORDER 17").text).toBe(`- table [ref=e6]
  - row [ref=e27]
    - cell "Order 17" [ref=e117]
    - cell [ref=e217]
      - button "Cancel" [ref=e317]`);
});

test("a map names headings, fields, ten rows of a table, actions, and navigation last", () => {
  const map = drawPageMap(orders, 6_000);
  expect(map).toContain('--- Headings ---\nheading "Orders" [level=1] [ref=e3]');
  expect(map).toContain('textbox "User" [ref=e4]: "ada"\ntextbox "PIN" [ref=e5]: "[redacted]"');
  expect(map).toContain('"Order 0" | "Cancel"');
  expect(map).toContain("(19 more rows)");
  expect(map).toMatch(/--- Navigation ---\nlink "Home" \[ref=e2\] → \/$/);
});
