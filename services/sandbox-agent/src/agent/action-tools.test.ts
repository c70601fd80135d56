import { actionSchemas } from "@clew/playbook/schema/action";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { actionTools } from "./action-tools.ts";

const tools = actionTools(new Set(Object.keys(actionSchemas)));

test("every action is offered but scripts, and what asks a model again", () => {
  const names = tools.map(({ name }) => name).sort();
  const withheld = ["evaluate", "llm_extract"];
  expect(names).toEqual(
    Object.keys(actionSchemas)
      .filter((name) => !withheld.includes(name))
      .sort(),
  );
});

test("only what is allowed is offered", () => {
  expect(actionTools(new Set(["click", "evaluate"])).map(({ name }) => name)).toEqual(["click"]);
});

test.each(tools.map((tool) => [tool.name, tool] as const))(
  "the tool %s says what it is for, and its input is a plain object",
  (_, { description, inputSchema }) => {
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
    expect(JSON.stringify(inputSchema)).not.toMatch(/timeout_ms|"selector"|"params"/);
    expect(() => new Ajv({ strict: false, logger: false }).compile(inputSchema)).not.toThrow();
  },
);

test("an element is named by its ref, and where an action needs one it must be", () => {
  const of = (name: string) => tools.find((tool) => tool.name === name)?.inputSchema;
  expect(of("click")).toMatchObject({ required: ["element"], properties: { element: { type: "string" } } });
  expect(of("drag")).toMatchObject({ required: ["element", "to"], properties: { to: { type: "string" } } });
  expect(of("extract")).toMatchObject({ required: [] });
  expect(of("goto")).toMatchObject({ required: ["url"] });
});
