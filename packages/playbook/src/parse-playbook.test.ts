import { expect, test } from "vitest";
import { parsePlaybook } from "./parse-playbook.ts";

const problemsOf = (text: string, id?: string) => {
  const parsed = parsePlaybook(text, id === undefined ? {} : { id });
  return "problems" in parsed ? parsed.problems : [];
};

test("reads a playbook and fills in what it leaves out", () => {
  const parsed = parsePlaybook("steps:\n  - { action: click, selector: button }\n", { id: "short" });
  expect(parsed).toEqual({
    playbook: {
      id: "short",
      version: "",
      description: "",
      parameters: [],
      checks: [],
      tags: [],
      steps: [
        {
          action: "click",
          description: "",
          failure_message: "",
          on_failure: "llm_recover",
          params: {},
          selector: { primary: { by: "selector", value: "button", exact: false, frame: [] }, fallbacks: [], description: "" },
        },
      ],
    },
  });
});

test.each([
  ["steps: [}", "", 1, 9, "end with a ]"],
  ["steps:\n\t- x", "", 2, 1, "Tabs are not allowed"],
  ["a: 1\na: 2", "", 2, 1, "unique"],
  ["steps:\n  - action: clik\n", "steps[0].action", 2, 13, "did you mean 'click'?"],
  ["steps:\n  - action: click\n    selecter: a\n    selector: b\n", "steps[0].selecter", 3, 5, "did you mean 'selector'?"],
  ["steps:\n  - action: click\n", "steps[0].selector", 2, 5, "is missing"],
  ["stps: []\nsteps:\n  - { action: extract }", "stps", 1, 1, "did you mean 'steps'?"],
  ["steps:\n  - action: goto\n    params:\n      url: 7\n", "steps[0].params.url", 4, 12, "must be a string; put it in quotes"],
  ["steps:\n  - action: extract\n    verify: { timeout_ms: 100 }\n", "steps[0].verify", 3, 13, "must expect something"],
  ["steps:\n  - { action: key_press, params: {} }\n", "steps[0].params", 2, 34, "must have text, key or credential_ref"],
  ["steps: []\n", "steps", 1, 8, "at least 1 entries"],
  ["id: ../x\nsteps:\n  - { action: extract }\n", "id", 1, 5, "must be letters, digits"],
  [
    "parameters:\n  - { name: a, pattern: '(x+)+' }\nsteps:\n  - { action: extract }\n",
    "parameters[0].pattern",
    2,
    25,
    "must not repeat a group",
  ],
  [
    "steps:\n  - { action: goto, params: { url: '{ulr}' } }\nparameters:\n  - name: url\n",
    "steps[0].params.url",
    2,
    36,
    "did you mean 'url'?",
  ],
  [
    "steps:\n  - { action: goto, params: { url: '{later}' } }\n  - { action: extract, store_as: later }\n",
    "steps[0].params.url",
    2,
    36,
    "nothing gives a value for {later}",
  ],
  ["", "", 1, 1, "is empty"],
])("says what is wrong and where: %j", (text, field, line, column, message) => {
  expect(problemsOf(text)[0]).toMatchObject({ field, line, column, message: expect.stringContaining(message) });
});

test.each([
  ["steps:\n  - { action: evaluate, params: { script: x } }", "steps[0].action", "'evaluate' is not built yet"],
  ["steps:\n  - { action: llm_extract, prompt: x }", "steps[0].action", "'llm_extract' is not built yet"],
  ["steps:\n  - { action: api_request, request: { url: x } }", "steps[0].action", "'api_request' is not built yet"],
  ["steps:\n  - { action: extract, params: { mode: markdown } }", "steps[0].params.mode", "'markdown' is not built yet"],
  ["auth: { mode: manual }\nsteps:\n  - { action: extract }", "auth.mode", "'manual' is not built yet"],
  ["auth_required: true\nsteps:\n  - { action: extract }", "auth_required", "is not built yet"],
  ["capture: {}\nsteps:\n  - { action: extract }", "capture", "is not built yet"],
  [
    "guardrails: { max_urls_visited: 3 }\nsteps:\n  - { action: extract }",
    "guardrails",
    "is not built yet in a playbook; give them with the run",
  ],
])("refuses by name what cannot run yet: %j", (text, field, message) => {
  expect(problemsOf(text)).toMatchObject([{ field, message }]);
});

test.each([
  ["{ name: a, inject_into: steps.7.params.text }", "parameters[0].inject_into", "leads nowhere"],
  ["{ name: a, inject_into: steps.0.params.txt }", "steps[0].params.txt", "did you mean 'text'?"],
  ["{ name: a, type: int, default: x }", "parameters[0].default", "must be a whole number"],
  ["{ name: a, secret: true, default: x }", "parameters[0]", "must not have a default where it is a secret"],
])("checks parameters: %j", (parameter, field, message) => {
  const text = `parameters:\n  - ${parameter}\nsteps:\n  - { action: key_press, params: { text: x } }`;
  expect(problemsOf(text)[0]).toMatchObject({ field, message: expect.stringContaining(message) });
});

test("puts a parameter where it is injected", () => {
  const parsed = parsePlaybook(
    "parameters:\n  - { name: a, inject_into: steps.0.params.text }\nsteps:\n  - { action: key_press, params: {} }",
  );
  expect(parsed).toMatchObject({ playbook: { steps: [{ params: { text: "{a}" } }] } });
});

test.each([
  ["{ role: button, name: Save }", { by: "role", value: "button", name: "Save" }],
  ["{ primary: { label: User, exact: true } }", { by: "label", value: "User", exact: true }],
  ["{ css: input, within: { role: dialog }, frame: iframe }", { by: "css", within: { by: "role", value: "dialog" }, frame: ["iframe"] }],
])("reads a selector that says what an element is: %s", (selector, primary) => {
  expect(parsePlaybook(`steps:\n  - { action: click, selector: ${selector} }`)).toMatchObject({
    playbook: { steps: [{ selector: { primary } }] },
  });
});

test.each([
  ["{ rol: button }", "steps[0].selector.rol", "did you mean 'role'?"],
  ["{ role: button, css: a }", "steps[0].selector", "exactly one of"],
  ["7", "steps[0].selector", "must be a mapping"],
])("names the part of a selector that is wrong: %s", (selector, field, message) => {
  expect(problemsOf(`steps:\n  - { action: click, selector: ${selector} }`)[0]).toMatchObject({
    field,
    message: expect.stringContaining(message),
  });
});

test("tells all that is wrong at once", () => {
  expect(problemsOf("foo: 1\nsteps:\n  - { action: click }\n  - { action: nope }\n").map(({ field }) => field)).toEqual([
    "steps[0].selector",
    "steps[1].action",
    "foo",
  ]);
});

test("holds a playbook to its limits", () => {
  expect(problemsOf(`steps:\n${"  - { action: extract }\n".repeat(201)}`)).toMatchObject([
    { field: "steps", message: "must have at most 200 entries" },
  ]);
  expect(problemsOf(`description: ${"x".repeat(256 * 1024)}`)[0]?.message).toBe("the playbook must have at most 256 KiB");
  expect(problemsOf("[".repeat(100_000))[0]?.message).toBe("the playbook is nested too deeply");
});

test("is not blown up by anchors that repeat each other", () => {
  const bomb = [
    "a0: &a0 [x]",
    ...Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(", ")}]`),
  ].join("\n");
  expect(problemsOf(bomb)[0]?.message).toContain("repeats its anchors too often");
});

test("expects the id a playbook is stored under", () => {
  expect(problemsOf("id: other\nsteps:\n  - { action: extract }", "mine")).toMatchObject([{ field: "id", line: 1 }]);
  expect(problemsOf("id: mine\nsteps:\n  - { action: extract }", "mine")).toEqual([]);
});
