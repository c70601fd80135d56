import { describe, expect, it } from "vitest";
import { parseTraceparent } from "./traceparent.ts";

const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("a traceparent", () => {
  it("is taken in the form that W3C gave it", () => {
    expect(parseTraceparent(trace)).toBe(trace);
  });

  it.each([
    undefined,
    "",
    "x",
    trace.toUpperCase(),
    `${trace}\n`,
    `${trace}-${"0".repeat(9_000)}`,
    trace.replace(/^00/, "ff"),
    trace.replace(/4bf\w+/, "0".repeat(32)),
  ])("is dropped where it is %j", (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
