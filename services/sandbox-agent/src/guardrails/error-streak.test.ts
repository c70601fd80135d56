import { Fault } from "@clew/fault/fault";
import { expect, test } from "vitest";
import { ErrorStreak } from "./error-streak.ts";

const failure = new Fault("SELECTOR_NOT_FOUND", { message: "No button." });

test("ends the run at the first error beyond the limit, and says what the last one was", () => {
  const streak = new ErrorStreak(2);
  expect(streak.record(failure)).toBeUndefined();
  expect(streak.record(failure)).toBeUndefined();
  expect(streak.record(failure)).toMatchObject({
    reason: "TOO_MANY_ERRORS",
    retryable: false,
    message: "3 actions failed one after another, and 2 may; the last: No button.",
    details: { cause: "SELECTOR_NOT_FOUND" },
  });
});

test("begins again after a success", () => {
  const streak = new ErrorStreak(1);
  expect([failure, undefined, failure, undefined, failure].map((each) => streak.record(each))).toEqual(Array(5).fill(undefined));
  expect(streak.record(failure)).toBeInstanceOf(Fault);
});
