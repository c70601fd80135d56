import { expect, test } from "vitest";
import { redact } from "./redact.ts";

test("masks secrets wherever a text holds them, and leaves our own words alone", () => {
  const event = {
    action: "click",
    summary: "Typed s3cret!",
    value: { resultText: "s3cret! and s3cret!longer", list: ["click", 7, new Date(0)] },
  };
  expect(redact(event, ["s3cret!", "s3cret!longer", "click"])).toEqual({
    action: "click",
    summary: "Typed [redacted]",
    value: { resultText: "[redacted] and [redacted]", list: ["[redacted]", 7, new Date(0)] },
  });
});

test("masks a short secret only where it is the whole text, and no empty one", () => {
  expect(redact({ text: "12", other: "2012" }, ["12", ""])).toEqual({ text: "[redacted]", other: "2012" });
});
