import { describe, expect, it } from "vitest";
import { extractParameters } from "./extract-parameters.ts";
import { matchDirective } from "./match-directive.ts";
import { parameterSchema } from "./schema/parameter.ts";

const playbooks = [
  { id: "cancel-order", tags: ["cancel", "order"] },
  { id: "refund-order", tags: ["refund", "order"] },
  { id: "report", tags: ["Monthly report", "report"] },
  { id: "untagged", tags: [] },
];

describe("a directive", () => {
  it.each([
    ["Please CANCEL my order 12345", { kind: "one", id: "cancel-order" }],
    ["Send the monthly report", { kind: "one", id: "report" }],
    ["Look at the order", { kind: "several", ids: ["cancel-order", "refund-order"] }],
    ["cancel or refund the order", { kind: "several", ids: ["cancel-order", "refund-order"] }],
    ["Do something else", { kind: "none" }],
    ["", { kind: "none" }],
  ])("%j means the playbook whose tags in it are longest in sum, and says where two fit as well", (directive, match) => {
    expect(matchDirective(directive, playbooks)).toEqual(match);
  });

  const parameters = (list: readonly object[]) => list.map((one) => parameterSchema.parse(one));
  it.each([
    ["Cancel order #12345.", [{ name: "order_id", type: "int" }], { order_id: "12345" }],
    ["Cancel order 12", [{ name: "order_id", type: "int" }], {}],
    [
      "Move 1234 to 5678",
      [
        { name: "from", type: "int" },
        { name: "to", type: "int" },
      ],
      {},
    ],
    [
      "Move from: 1234 and 5678",
      [
        { name: "from", type: "int" },
        { name: "to", type: "int" },
      ],
      { from: "1234", to: "5678" },
    ],
    ["Order ID: A-17, reason='too late'", [{ name: "order_id" }, { name: "reason" }], { order_id: "A-17", reason: "too late" }],
    ["Cancel ORD-77 now", [{ name: "order", pattern: "ORD-(\\d+)" }], { order: "77" }],
    ["Cancel x/ORD-77", [{ name: "order", pattern: "ORD-\\d+" }], { order: "ORD-77" }],
    ["password: hunter2", [{ name: "password", secret: true }], {}],
    ["Tell them", [{ name: "directive" }], { directive: "Tell them" }],
    ["border_id: 5", [{ name: "order_id" }], {}],
  ])("%j gives what it says of the parameters, and guesses nothing", (directive, wanted, found) => {
    expect(extractParameters(directive, parameters(wanted))).toEqual(found);
  });
});
