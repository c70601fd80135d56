import { expect, test } from "vitest";
import type { Interaction, RecordedCandidate, Target } from "../interaction.ts";
import { TypedValues } from "./typed-values.ts";
import { writePlaybook } from "./write-playbook.ts";
import { writeVerification } from "./write-verification.ts";

const target = (element: string, ...candidates: RecordedCandidate[]): Target => ({
  element,
  label: element,
  candidates: candidates.length > 0 ? candidates : [{ label: element }],
  frame: [],
});
const type = (element: string, text: string): Interaction => ({ kind: "type", target: target(element), text });
const click = (element: string, ...candidates: RecordedCandidate[]): Interaction => ({
  kind: "click",
  target: target(element, ...candidates),
  button: "left",
  count: 1,
  modifiers: [],
});
const write = (...done: Interaction[]) => writePlaybook([{ kind: "goto", url: "https://shop.example/" }, ...done], { id: "a" });

test("where what was typed finds the element, no other way is kept that would find the recorded one whatever is typed", () => {
  const { text } = write(
    type("Order", "12345"),
    click("row", { role: "link", name: "Order 12345" }, { test_id: "row-3" }, { text: "12345" }, { css: "tr:nth-of-type(3) a" }),
  );
  expect(text).toContain('primary: { role: link, name: "Order {order}" }');
  expect(text).toContain('fallbacks: [ { text: "{order}" } ]');
  expect(text).not.toMatch(/row-3|nth-of-type/);
});

test("parameters are named after their fields, each once; the same text in the same field is the same one", () => {
  const { parameters } = write(
    type("Straße & Nr.", "a"),
    type("1st name", "b"),
    click("x"),
    type("1st name", "b"),
    click("x"),
    type("1st name", "c"),
    type("漢", "d"),
  );
  expect(parameters).toEqual([
    { name: "stra_e_nr", default: "a" },
    { name: "st_name", default: "b" },
    { name: "st_name_2", default: "c" },
    { name: "text", default: "d" },
  ]);
});

test("a value stands for its parameter where it is a word of its own, and not where it may be there by chance", () => {
  const values = new TypedValues();
  values.take("Order", "12345");
  values.take("Name", "Io");
  values.take("Customer", "Penelope");
  const written = ["12345", "Order 12345 of {x}", "123456", "Io", "Penelope", "of Penelope"].map((text) => values.template(text));
  expect(written).toEqual(["{order}", "Order {order} of {{x}}", "123456", "Io", "{customer}", "of Penelope"]);
});

test("braces in texts stay what they are", () => {
  const { text, parameters } = write(type("Note", "{a}"), click("go", { role: "button", name: "Add {b}" }));
  expect(parameters).toEqual([{ name: "note", default: "{a}" }]);
  expect(text).toContain("Add {{b}}");
});

test.each([
  ["/login", "/orders", "Orders", { expect_url_contains: "/orders" }],
  ["/orders", "/orders/12345", "", { expect_url_contains: "/orders/{order}" }],
  ["/login", "/orders/99887/edit", "", { expect_url_contains: "/orders/" }],
  ["/login", "/o/550e8400-e29b-41d4-a716-446655440000", "", { expect_url_contains: "/o/" }],
  ["/orders/1", "/orders", "Orders", { expect_text_on_page: "Orders" }],
  ["/orders", "/orders?q=12345", "Orders", { expect_url_contains: "q={order}" }],
  ["/", "/", "Order 777 was placed", undefined],
  ["/", "/", "Order 12345 was placed", { expect_text_on_page: "Order {order} was placed" }],
  ["/a", "/a", "", undefined],
])("coming from %s to %s with the heading '%s' is verified by %j", (from, to, heading, expected) => {
  const values = new TypedValues();
  values.take("Order", "12345");
  const at = (path: string) => `https://shop.example${path}`;
  expect(writeVerification(at(from), { kind: "arrive", url: at(to), heading }, values)).toEqual(expected);
});

test("secrets in addresses are cut out, and it is said", () => {
  const { text, warnings } = writePlaybook([{ kind: "goto", url: "https://me:hush@shop.example/?access_token=abc&q=1" }, click("go")], {
    id: "a",
  });
  expect(text).toContain("start_url: https://shop.example/?q=1\n");
  expect(warnings).toEqual(["What looked like a secret was cut out of an address."]);
});

test("an element is not found by a role that a page has made up", () => {
  const card = { element: "1", label: "Pay", candidates: [{ role: "card", name: "Pay" }, { css: "#pay" }], frame: [] };
  expect(write({ kind: "click", target: card, button: "left", count: 1, modifiers: [] }).text).toContain('primary: "#pay"');
});

test("an element that nothing finds is left out and named, and nothing at all is no playbook", () => {
  const lost: Interaction = { kind: "check", target: { element: "1", label: "Agree", candidates: [], frame: [] }, checked: true };
  expect(write(lost, click("go")).warnings).toEqual(["'check' was left out: nothing finds its element 'Agree' alone."]);
  expect(() => write()).toThrow("Nothing was done");
});
