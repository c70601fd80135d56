import { stepSchema } from "@clew/playbook/schema/step";
import { expect, test } from "vitest";
import { authorWords } from "./author-words.ts";

const wordsOf = (step: object) => authorWords(stepSchema.parse(step));

test("an author's words are what is said in a description, and what is read on the page", () => {
  expect(wordsOf({ action: "click", selector: { role: "button", name: "Delete {what}" }, description: "Removes it" })).toEqual([
    ["Removes it", "Delete  "],
  ]);
  for (const selector of ["text=Delete account", "button:has-text('Delete account')", 'role=button[name="Delete account"]'])
    expect(wordsOf({ action: "click", selector })).toEqual([["Delete account"]]);
});

test.each([
  "#delete-account",
  "[data-action='delete account']",
  { css: ".delete account" },
  { xpath: "//a[.='delete account']" },
  { test_id: "delete account" },
  { text: "{heading}" },
])("no words of an author are in %j", (selector) => {
  expect(wordsOf({ action: "click", selector })[0]?.join("").trim()).toBe("");
});

test("an action of a sequence is spoken for by its own selector and by the sequence's description", () => {
  const steps = [
    { action: "click", selector: "text=Next" },
    { action: "click", selector: "text=Delete" },
  ];
  expect(wordsOf({ action: "execute_sequence", description: "Goes on", steps })).toEqual([
    ["Goes on", "Next"],
    ["Goes on", "Delete"],
  ]);
});
