import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { parsePlaybook } from "./parse-playbook.ts";
import { playbookSchema } from "./playbook-schema.ts";

const page = readFileSync(new URL("../../../docs/playbooks.md", import.meta.url), "utf8");
/** Every piece of code of the page, and every name in the playbook it shows. */
const shown = new Set([...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => [code, ...code.split(/[^\w]+/)]));

/** The fields and fixed words of a JSON schema, however deep. */
function wordsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(wordsOf);
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === "properties" && typeof value === "object")
      return Object.entries(value ?? {}).flatMap(([name, of]) => [name, ...wordsOf(of)]);
    if (key === "enum" && Array.isArray(value)) return value.map(String);
    return key === "const" ? [String(value)] : wordsOf(value);
  });
}

const words = [...new Set(wordsOf(z.toJSONSchema(playbookSchema, { io: "input" })))];

test("the page names every field and every fixed word of the schema", () => {
  expect(words).toEqual(expect.arrayContaining(["credential_ref", "llm_recover", "expect_element_gone", "static_headers"]));
  expect(words.filter((word) => !shown.has(word) && !/^[A-Z]+$/.test(word))).toEqual([]);
});

const refused = [...page.matchAll(/^\| `(\{ .*? \})` \| line (\d+), column (\d+): `(.+?)` (.+) \|$/gm)];

test("the page shows what is refused", () => {
  expect(refused.length).toBeGreaterThan(8);
});

test.each(
  refused.map(([, text = "", line, column, field, message]) => ({ text, line: Number(line), column: Number(column), field, message })),
)("refuses $text as the page says", ({ text, ...problem }) => {
  const parsed = parsePlaybook(text);
  expect("problems" in parsed && parsed.problems[0]).toEqual(problem);
});

const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);

test.each(examples)("shows only what can be read: %s", (text) => {
  const steps = text.startsWith("- ") ? `steps:\n${text}` : text;
  const whole = /^steps:/m.test(steps) ? steps : `${steps}\nsteps: [{ action: extract }]`;
  const parsed = parsePlaybook(whole);
  const problems = "problems" in parsed ? parsed.problems : [];
  // An excerpt leaves out what gives its values.
  expect(problems.filter(({ message }) => !message.startsWith("nothing gives a value"))).toEqual([]);
});
