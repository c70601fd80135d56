import { expect, test } from "vitest";
import { mapTemplates } from "./map-templates.ts";
import { stepSchema } from "./schema/step.ts";

/** Where a step's templates stand, each with what it is part of. */
function templatesOf(step: object): Record<string, string> {
  const found: Record<string, string> = {};
  mapTemplates(stepSchema.parse(step), (template, context, field) => {
    if (template.includes("{")) found[field] = context;
    return template;
  });
  return found;
}

const free = { to: "{a}", state: "{b}", url: "{c}", by: "css", value: "{d}", files: ["{e}"], action: "{f}" };

test.each([
  [
    { action: "evaluate", params: { script: "{x}", args: { ...free, files: "{e}" } } },
    "params.args",
    ["to", "state", "url", "value", "files", "action"],
  ],
  [{ action: "api_request", request: { url: "{x}", json: free } }, "request.json", ["to", "state", "url", "value", "files[0]", "action"]],
  [
    { action: "api_request", request: { url: "{x}", query: { method: "{a}" }, form: { mode: "{b}" } } },
    "request",
    ["query.method", "form.mode"],
  ],
  [
    { action: "api_request", request: { url: "{x}", headers: { scope: "{a}" }, cookies: { state: "{b}" } } },
    "request",
    ["headers.scope", "cookies.state"],
  ],
  [{ call: "other", params: { url: "{a}", mode: "{b}" }, outputs: { x: "y" } }, "params", ["url", "mode"]],
])("takes what stands under an author's own keys for plain text: %j", (step, room, keys) => {
  const { "request.url": url, ...found } = templatesOf(step);
  expect(found).toEqual(Object.fromEntries(keys.map((key) => [`${room}.${key}`, "text"])));
  expect(url).toBe("request" in step ? "url" : undefined);
});

test.each([
  ["selector", "selector"],
  ["css", "css"],
  ["xpath", "xpath"],
  ["role", "role"],
  ["test_id", "sought"],
  ["label", "sought"],
  ["placeholder", "sought"],
  ["text", "sought"],
  ["alt_text", "sought"],
  ["title", "sought"],
])("takes the value of a candidate for what it is looked for by: %s is a %s", (way, context) => {
  const found = templatesOf({ action: "click", selector: { [way]: "{x}", has_text: "{x}", frame: "{x}", within: { [way]: "{x}" } } });
  expect(found).toEqual({
    "selector.primary.value": context,
    "selector.primary.has_text": "sought",
    "selector.primary.frame[0]": "selector",
    "selector.primary.within.value": context,
  });
});

test("leaves the steps within a step alone, but not the actions of a sequence", () => {
  const click = { action: "click", selector: "#{x}" };
  // biome-ignore lint/suspicious/noThenProperty: a playbook's word, never awaited.
  expect(templatesOf({ if: { value: "{v}", equals: "{e}" }, then: [click], else: [click] })).toEqual({
    "if.value": "text",
    "if.equals": "text",
  });
  expect(templatesOf({ for_each: "a", in: ["{l}"], steps: [click] })).toEqual({ "in[0]": "text" });
  expect(templatesOf({ action: "execute_sequence", steps: [click] })).toEqual({ "steps[0].selector.primary.value": "selector" });
});
