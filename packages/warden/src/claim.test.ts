import { expect, it } from "vitest";
import { ClaimSlot, readClaim } from "./claim.ts";

const claim = (runId: string, more: object = {}) => readClaim(JSON.stringify({ runId, attempt: 1, deadlineMs: 1_000, ...more }));
const refused = { reason: "INVALID_REQUEST" };

function slot() {
  const applied: string[] = [];
  return {
    applied,
    slot: new ClaimSlot(async ({ runId, stay }, isAgain) => void applied.push(`${runId} ${stay}${isAgain ? " again" : ""}`)),
  };
}

it("is one attempt's, which may claim it again", async () => {
  const { applied, slot: one } = slot();
  await one.take(claim("a"));
  await one.take(claim("a"));
  await expect(one.take(claim("b"))).rejects.toMatchObject(refused);
  await expect(one.take(claim("b", { stay: 2 }))).rejects.toMatchObject(refused);
  await expect(one.take(claim("a", { attempt: 2 }))).rejects.toMatchObject(refused);
  expect(applied).toEqual(["a 1"]);
  expect((await one.taken).runId).toBe("a");
});

it("is another's once it is kept: of the next stay, and once", async () => {
  const { applied, slot: one } = slot();
  await one.take(claim("a"));
  one.keep(1);
  await expect(one.take(claim("b", { stay: 3 }))).rejects.toMatchObject(refused);
  await one.take(claim("b", { stay: 2 }));
  await one.take(claim("b", { stay: 2 }));
  // What is late of the stay before changes nothing.
  one.keep(1);
  await expect(one.take(claim("c", { stay: 3 }))).rejects.toMatchObject(refused);
  await expect(one.take(claim("a"))).rejects.toMatchObject(refused);
  expect([applied, one.claim?.runId]).toEqual([["a 1", "b 2"], "b"]);
});

it("is had by a later attempt of the run that goes on in it, and by no earlier one", async () => {
  const { applied, slot: one } = slot();
  await one.take(claim("a"));
  one.keep(1);
  await one.take(claim("b", { stay: 2 }));
  await one.take(claim("b", { stay: 2, attempt: 2 }));
  await expect(one.take(claim("b", { stay: 2 }))).rejects.toMatchObject(refused);
  await expect(one.take(claim("c", { stay: 2, attempt: 3 }))).rejects.toMatchObject(refused);
  await expect(one.take(claim("b", { stay: 3, attempt: 3 }))).rejects.toMatchObject(refused);
  expect([applied, one.claim?.attempt]).toEqual([["a 1", "b 2", "b 2 again"], 2]);
});

it("lets a later attempt do what an earlier one could not be let", async () => {
  let fails = true;
  const applied: boolean[] = [];
  const one = new ClaimSlot(async ({ stay }, isAgain) => {
    if (stay > 1 && fails) throw new Error("It could not be.");
    applied.push(isAgain);
  });
  await one.take(claim("a"));
  one.keep(1);
  await expect(one.take(claim("b", { stay: 2 }))).rejects.toThrow("It could not be.");
  fails = false;
  await one.take(claim("b", { stay: 2, attempt: 2 }));
  expect(applied).toEqual([false, false]);
});
