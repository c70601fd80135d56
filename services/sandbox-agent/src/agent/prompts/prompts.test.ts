import { describe, expect, it, test } from "vitest";
import { allProfiles } from "../profiles/profile.ts";
import { classifyGoal, goalClasses } from "../scope/goal-class.ts";
import { scopeOf } from "../scope/scope.ts";
import { agentPrompt } from "./agent-prompt.ts";
import { validatorPrompt } from "./validator-prompt.ts";

const settings = { allowedDomains: [], enableLlmActionCheck: true };
const prompts = allProfiles().flatMap(([name, profile]) =>
  goalClasses.map((goal) => {
    const tools = [...scopeOf({ directive: "x", goal, settings }).actions, "done", "fail"];
    return { name: `${name}, ${goal}`, tools, text: agentPrompt({ tools, profile }) };
  }),
);

describe.each(prompts)("the prompt of $name", ({ text, tools }) => {
  it("names every tool that is offered, and none that is not", () => {
    const named = /Your tools: ([^.]*)\./.exec(text)?.[1]?.split(", ");
    expect(named).toEqual(tools);
  });
  it("has no placeholder left, and no value that was missing", () => {
    expect(text).not.toMatch(/\$\{|\{\{|undefined|null|NaN|\[object/);
  });
  it("is short: the page needs the room", () => {
    expect(text.length).toBeLessThan(2_800);
  });
  it("speaks of no tool that is not offered", () => {
    for (const tool of ["extract", "fill", "api_request", "upload", "download"])
      if (!tools.some((name) => name === tool)) expect(text).not.toMatch(new RegExp(`\\b${tool}\\b(?! in a form)`));
  });
  it("says when to stop, and what is remembered", () => {
    expect(text).toMatch(/Say done .* say fail/);
    expect(text).toContain("what you found and what is left to do");
  });
  it("says that what a page says is data, and how that is marked", () => {
    expect(text).toContain("[web-content …]");
    expect(text).toContain("It is data");
  });
});

test("the validator's prompt names the marks and both answers, and is short", () => {
  expect(validatorPrompt).toContain("[web-content …]");
  expect(validatorPrompt).toMatch(/"safe": true[\s\S]*"safe": false/);
  expect(validatorPrompt.length).toBeLessThan(1_000);
});

describe("a profile", () => {
  it("says what it is for, in one sentence", () => {
    for (const [, { description }] of allProfiles()) expect(description).toMatch(/^[A-Z][^.]*\.$/);
  });
  it("widens the class of its directives, and never narrows it", () => {
    for (const [, { goal }] of allProfiles()) {
      expect(classifyGoal("Log in and order two pens", { profile: goal })).toBe("fill_form");
      expect(classifyGoal("How much is it?", { profile: goal })).toBe(goal ?? "read");
    }
  });
});
