import { parsePlaybook } from "@clew/playbook/parse-playbook";
import fc from "fast-check";
import { expect, test } from "vitest";
import { importRecording } from "./import-recording.ts";

const navigate = { type: "navigate", url: "https://shop.example/login" };
const read = (...steps: object[]) => importRecording(JSON.stringify({ title: "a", steps: [navigate, ...steps] }), { id: "a" });
const stepsOf = (...steps: object[]) => {
  const parsed = parsePlaybook(read(...steps).text);
  return "playbook" in parsed ? parsed.playbook.steps : parsed.problems;
};

test.each([
  ["aria with its role", ['aria/Pay[role="link"]'], { by: "role", value: "link", name: "Pay", exact: true }],
  ["aria whose path says what it is", ["aria/Pay", "form > button"], { by: "role", value: "button", name: "Pay", exact: true }],
  ["aria of which nothing is known", ["aria/Pay", "#pay"], { by: "selector", value: "#pay" }],
  ["the button around its text", [["aria/Pay", 'aria/[role="generic"]'], "form > button"], { by: "role", value: "button", name: "Pay" }],
  ["a test id", ["[data-testid='pay']"], { by: "test_id", value: "pay" }],
  ["text", ["text/Pay"], { by: "text", value: "Pay", exact: true }],
  ["a path through shadow roots", [["x-form", "#pay"]], { by: "selector", value: "x-form >> #pay" }],
  ["pierce", ["pierce/#pay"], { by: "selector", value: "#pay" }],
  ["what it is called, where its role is none", ['aria/Pay[role="image"]', "#pay"], { by: "selector", value: "#pay" }],
  ["XPath", ['xpath///*[@id="pay"]'], { by: "xpath", value: '//*[@id="pay"]' }],
] as const)("a click is found by %s", (_, selectors, primary) => {
  expect(stepsOf({ type: "click", selectors, offsetX: 1, offsetY: 1 })).toMatchObject([{ action: "click", selector: { primary } }]);
});

test("a key that no keyboard has is left out and named, and all else is taken over", () => {
  const { text, warnings } = read({ type: "keyDown", key: "ä" }, { type: "keyDown", key: "Dead" }, { type: "click", selectors: ["#pay"] });
  expect(warnings).toEqual([
    "Step 2 (keyDown) is left out: it names no key: ä; type it as text.",
    "Step 3 (keyDown) is left out: it names no key: Dead; say what the key is called, such as Enter, ArrowDown or Control+A.",
  ]);
  expect(text).toContain('primary: "#pay"');
});

test("what is typed is a parameter, keys are pressed where the focus is, and what follows is verified", () => {
  const { text, warnings } = read(
    { type: "click", selectors: [["aria/Search"], ["input"]] },
    { type: "change", value: "12345", selectors: [["aria/Search"], ["input"]] },
    { type: "keyDown", key: "Enter", target: "main" },
    { type: "keyUp", key: "Enter", target: "main", assertedEvents: [{ type: "navigation", url: "https://shop.example/orders?q=12345" }] },
    { type: "keyDown", key: "Control" },
    { type: "keyDown", key: "a" },
    { type: "keyUp", key: "a" },
    { type: "keyUp", key: "Control" },
    { type: "change", value: "Crete", selectors: [["aria/Country"], ["form > select"]] },
    { type: "doubleClick", selectors: ["#row"] },
    { type: "waitForElement", selectors: ["#busy"], operator: "==", count: 0 },
  );
  expect(warnings).toEqual([]);
  expect(text).toMatchInlineSnapshot(`
    "id: a
    parameters:
      - { name: search, default: "12345" }
    start_url: https://shop.example/login
    steps:
      - action: key_press
        selector: { label: Search, exact: true }
        params: { text: "{search}", key: Enter }
        verify: { expect_url_contains: /orders }

      - action: press
        params: { key: Control+a }

      - action: select
        selector:
          primary: { label: Country, exact: true }
          fallbacks: [ form > select ]
        params: { value: Crete }

      - action: click
        selector:
          primary: "#row"
        params: { count: 2 }

      - action: wait_for
        selector:
          primary: "#busy"
        params: { state: hidden }
    "
  `);
});

test("every step that is not taken over is named, and why", () => {
  const { warnings } = read(
    { type: "setViewport", width: 1, height: 1 },
    { type: "click", selectors: ["#a"] },
    { type: "click", selectors: ["#a"], frame: [0] },
    { type: "click", selectors: [["aria/X", "aria/Y"]] },
    { type: "waitForExpression", expression: "x" },
    { type: "customStep", name: "n" },
    { type: "scroll" },
    { type: "change" },
    { type: "somethingNew" },
    { type: "waitForElement", selectors: ["#a"], count: 3 },
  );
  expect(warnings).toMatchInlineSnapshot(`
    [
      "Step 2 (setViewport) is left out: the run has a window of its own.",
      "Step 4 (click) is left out: it is in a frame that only has a number (0); write it by hand.",
      "Step 6 (waitForExpression) is left out: a playbook has no such step.",
      "Step 7 (customStep) is left out: a playbook has no such step.",
      "Step 8 (scroll) is left out: what is acted on is scrolled to by itself.",
      "Step 9 (change) is left out: it is not as DevTools writes it.",
      "Step 10 (somethingNew) is left out: a playbook has no such step.",
      "Step 11 (waitForElement) is left out: a playbook waits for one element, or for none.",
    ]
  `);
});

test("what was typed where a password goes stands nowhere in the playbook", () => {
  fc.assert(
    fc.property(
      fc.string().map((text) => `§${text}`),
      fc.constantFrom("aria/Password", "#user_password", "input[type='password']"),
      (secret, selector) => {
        const { text, parameters } = read(
          { type: "change", value: secret, selectors: [[selector]] },
          { type: "click", selectors: ["#go"] },
        );
        expect(text).not.toContain("§");
        expect(parameters).toMatchObject([{ secret: true }]);
      },
    ),
  );
});

test.each(["", "{}", "[]", '{"steps":[]}', "steps: [a]"])("%j is no recording", (text) => {
  expect(() => importRecording(text, { id: "a" })).toThrow("is no recording");
});
