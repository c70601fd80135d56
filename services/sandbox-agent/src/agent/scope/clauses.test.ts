import { expect, test } from "vitest";
import { readAsked } from "./directive-words.ts";
import { classifyGoal } from "./goal-class.ts";

test.each<[string, string]>([
  ["Delete order 5", "delete"],
  ["Open the list, then delete the draft invoice 7", "delete"],
  ["I want you to delete order 5", "delete"],
  ["Go to the list to delete order 5", "delete"],
  ["Find the order 5 and delete it", "delete"],
  ["Find the button to log out and delete order 5", "delete"],
  ["Tell me its price, and delete order 5", "delete"],
  ["Check whether it is open, then delete it", "delete"],
  ['Click "Delete order"', "delete"],
  ["Tell me how to delete my account", ""],
  ["Explain how to find and delete drafts", ""],
  ["Explain how to cancel my subscription", ""],
  ["Tell me what to delete", ""],
  ["Describe the steps to delete an order", ""],
  ["Find the button to delete order 5", ""],
  ["Find out whether I can close and delete my account", ""],
  ["Ask me before delete is pressed", ""],
  ["Log in and check the order 5, and be careful not to delete the order", ""],
  ["Make sure not to buy anything and fill in the cart", ""],
  ["Archive it instead of deleting it", ""],
  ["Avoid to delete it", ""],
  ['Find the ticket "Refund order 5" and tell me its state', ""],
  ["Find the ticket 'then delete it' and tell me its state", ""],
  ["Tell me if I should click 'Delete order'", ""],
])("'%s' asks for: %s", (directive, kinds) => {
  expect([...readAsked(directive).kinds].filter((kind) => kind !== "send").join()).toBe(kinds);
});

test("what is only spoken of makes no wider class", () => {
  expect(classifyGoal("Tell me how to delete my account")).toBe("read");
  expect(classifyGoal('Find the ticket "Log in and delete" and tell me its state')).toBe("read");
});
