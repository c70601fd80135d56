import { expect, test } from "vitest";
import { bindParameters } from "./bind-parameters.ts";
import { parsePlaybook } from "./parse-playbook.ts";
import { parameterSchema } from "./schema/parameter.ts";
import { takeValue } from "./take-value.ts";

const take = (parameter: object, given: unknown) => {
  const taken = takeValue(parameterSchema.parse({ name: "x", ...parameter }), given);
  return "text" in taken ? taken.text : taken;
};

test.each([
  [{}, "a", "a"],
  [{}, 7, "7"],
  [{}, "007", "007"],
  [{}, "{y}", "{y}"],
  [{ type: "int" }, "-12", "-12"],
  [{ type: "int" }, 3, "3"],
  [{ type: "number" }, "12.50", "12.50"],
  [{ type: "number" }, -0.5, "-0.5"],
  [{ type: "boolean" }, true, "true"],
  [{ type: "boolean" }, "false", "false"],
  [{ type: "selector_text" }, "Log in", "Log in"],
  [{ type: "list" }, ["a", 7, "b,c"], '["a","7","b,c"]'],
  [{ type: "list" }, "a, b", '["a","b"]'],
  [{ type: "list" }, '["a, b"]', '["a, b"]'],
  [{ type: "list" }, [], "[]"],
  [{ type: "list", options: ["a", "b"] }, ["b"], '["b"]'],
  [{ type: "int", options: ["1", "2"] }, 2, "2"],
])("takes what is of its type: %j of %j", (parameter, given, text) => {
  expect(take(parameter, given)).toBe(text);
});

const inexact = "must be a string: put the number in quotes, since its digits may not be kept as they are written";

test.each([
  [{ type: "int" }, "12.5", "must be a whole number"],
  [{ type: "int" }, "1e3", "must be a whole number"],
  [{ type: "int" }, "", "must be a whole number"],
  [{ type: "number" }, "1,5", "must be a number"],
  [{ type: "number" }, "NaN", "must be a number"],
  [{ type: "boolean" }, "yes", "must be true or false"],
  [{ type: "selector_text" }, "a\nb", "must be one line"],
  [{ type: "list" }, "[1", "must be a list of texts"],
  [{ type: "list" }, [{ a: 1 }], "must be a list of texts"],
  [{ type: "list", pattern: "\\d+" }, ["1", "x"], "has an entry that must match \\d+"],
  [{ options: ["a", "b"] }, "c", "must be one of a, b"],
  [{}, ["a"], "must be a string"],
  [{}, 2 ** 60, inexact],
  [{}, 1.1, inexact],
  [{ type: "selector_text" }, 0.5, inexact],
  [{ type: "list" }, ["a", 1.1], `has an entry that ${inexact}`],
  [{}, "x".repeat(20_000), "must have at most 16384 characters"],
])("refuses what is not: %j of %j", (parameter, given, problem) => {
  expect(take(parameter, given)).toEqual({ problem });
});

test.each(["007", "0012345", "1.0", "1e3", "0x1F", "+7"])(
  "refuses the default %s of a text: it would be typed otherwise than it is written",
  (written) => {
    const defaultOf = (value: string, type: string) =>
      parsePlaybook(`parameters: [{ name: x, type: ${type}, default: ${value} }]\nsteps: [{ action: reload }]`);
    expect(defaultOf(written, "string")).toMatchObject({ problems: [{ field: "parameters[0].default", message: inexact, line: 1 }] });
    expect(
      [defaultOf(`"${written}"`, "string"), defaultOf("7", "string"), defaultOf(written, "int")].map((one) => "playbook" in one),
    ).toEqual([true, true, true]);
  },
);

const parsed = parsePlaybook(`
parameters:
  - { name: token, secret: true, description: a token }
  - { name: ids, type: list, default: [a, b] }
  - { name: sure, type: boolean, default: true, inject_into: steps.1.if.value }
steps:
  - { action: fill, selector: "[data-x='{token}']", params: { text: "{token}" } }
  - { if: { equals: "true" }, then: [{ action: extract, selector: "#{token}" }] }`);

test("leaves secrets to the credentials, puts injected parameters in their place, and writes lists as JSON", () => {
  if (!("playbook" in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const bound = bindParameters(parsed.playbook, {});
  expect("values" in bound && Object.fromEntries(bound.values)).toEqual({ ids: '["a","b"]', sure: "true" });
  expect(parsed.playbook.steps[1]).toMatchObject({ if: { value: "{sure}" } });
  expect(bindParameters(parsed.playbook, { token: "hunter2" })).toMatchObject({
    problems: [{ field: "params.token", message: "is a secret; give it among the run's credentials, under the same name" }],
  });
});

test("refuses, before anything runs, a value that would leave nothing to look for", () => {
  const steps = `steps:\n  - { action: click, selector: { label: "{x}" }, verify: { expect_text_on_page: " {x} ", expect_url_contains: "{x}" } }`;
  const playbook = parsePlaybook(`parameters: [{ name: x }]\n${steps}`);
  if (!("playbook" in playbook)) throw new Error(JSON.stringify(playbook.problems));
  const bound = bindParameters(playbook.playbook, { x: " " });
  expect("problems" in bound && bound.problems.map(({ field, message }) => `${field} ${message}`)).toEqual([
    "steps[0].selector.primary.value would be blank, and is to be looked for",
    "steps[0].verify.expect_url_contains would be blank, and is to be looked for",
    "steps[0].verify.expect_text_on_page would be blank, and is to be looked for",
  ]);
});
