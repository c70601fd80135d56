import { describe, expect, it, test } from "vitest";
import { classifyGoal, type GoalClass } from "./goal-class.ts";

test.each<[GoalClass, string]>([
  ["read", "What does order 12345 cost?"],
  ["read", "Find the cheapest flight and tell me its price"],
  ["read", "Read the order 12345"],
  ["read", "Tell me about the book and the register of members"],
  ["read", "Compare the prices, do not buy anything and never submit a form"],
  ["read", "Summarize https://example.com/delete/submit/login"],
  ["navigate", "Open example.com"],
  ["navigate", "Please go to the settings page."],
  ["interact", "Cancel order 12345 in the back office"],
  ["interact", "Open the list, then delete the draft invoice 7"],
  ["interact", "Download all invoices of May"],
  ["interact", "I want you to approve the request"],
  ["fill_form", "Log in and tell me the balance"],
  ["fill_form", "Tell me the balance after logging in"],
  ["fill_form", "Use the form to create a ticket"],
  ["fill_form", "Please order two pens"],
  ["fill_form", "Don't forget to submit the form"],
  ["read", "Lies mir die Nachrichten vor"],
  ["read", ""],
])("is %s: '%s'", (goal, directive) => {
  expect(classifyGoal(directive)).toBe(goal);
});

describe("a model's word", () => {
  it("narrows", () => {
    expect(classifyGoal("Use the form to look up a ticket and create nothing", { model: "read" })).toBe("read");
  });
  it("never widens", () => {
    expect(classifyGoal("What does it cost?", { model: "fill_form" })).toBe("read");
    expect(classifyGoal("Open example.com", { model: "interact" })).toBe("navigate");
  });
});
