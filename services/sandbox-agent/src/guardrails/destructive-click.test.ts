import { expect, test } from "vitest";
import { clickKind, judgeClick } from "./destructive-click.ts";

test.each([
  "Delete",
  "DELETE ACCOUNT",
  "Remove item",
  "Destroy all",
  "Deactivate",
  "Close account",
  "Close my account",
  "Terminate instance",
  "Cancel subscription",
  "Refund",
  "File a chargeback",
  "Pay now",
  "Pay $ 30",
  "Buy now",
  "Purchase",
  "Place order",
  "Place your order",
  "Submit order",
  "Checkout",
  "Check out",
  "Transfer 100 €",
  "Send email",
  "Send message",
  "Send an e-mail",
  "Publish",
  "Post comment",
  "Submit review",
  "Yes, I want to delete it",
  "Yes — erases everything, delete",
  "View and delete",
  "Next: place\n   order",
  "#delete-account",
  "delete_account",
])("'%s' is destructive", (label) => {
  expect(clickKind(label)).toBe("destructive");
});

test.each([
  "Next",
  "Back to checkouts",
  "View deleted items",
  "Open orders",
  "Search",
  "Edit",
  "Cancel",
  "Close",
  "Log in",
  "Sign-in",
  "Submit",
  "Save",
  "Apply",
  "Select all",
  "Show removed",
])("'%s' is safe", (label) => {
  expect(clickKind(label)).toBe("safe");
});

test.each(["", "Go", "Cancel order", "Submit application", "Undeletable", "Agree", "Continue"])("'%s' is for a model to judge", (label) => {
  expect(clickKind(label)).toBe("ambiguous");
});

test("[weakness 27] a selector that sounds harmless, or is one of CSS, lets nothing destructive through", () => {
  expect(judgeClick(["Delete account"], false, ["#store-order-view", ".submit"])).toMatchObject({ rule: "destructive_click" });
  expect(judgeClick(["Submit order"], false, ["order"])).toMatchObject({ rule: "destructive_click" });
});

test("an author's word lets a destructive click through", () => {
  expect(judgeClick(["Delete account"], true, [])).toBeUndefined();
  expect(judgeClick(["Delete account"], false, ["#go", "Delete the account"])).toBeUndefined();
  expect(judgeClick(["Delete account"], false, ["text=Delete account"])).toBeUndefined();
  expect(judgeClick(["Next"], false, ["#go"])).toBeUndefined();
});
