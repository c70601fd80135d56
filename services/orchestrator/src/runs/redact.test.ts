import { expect, it } from "vitest";
import { redact } from "./redact.ts";

it("replaces a secret wherever it stands, also where it is encoded", () => {
  const said = {
    summary: "typed p@ss/w0rd!",
    nested: [{ url: `http://x/?q=${encodeURIComponent("p@ss/w0rd!")}` }],
    token: Buffer.from("p@ss/w0rd!").toString("base64"),
  };
  const clean = JSON.stringify(redact(said, ["p@ss/w0rd!"]));
  expect(clean).not.toMatch(/w0rd/);
  expect(clean).not.toContain(Buffer.from("p@ss/w0rd!").toString("base64").slice(0, 10));
  expect(clean).toContain("[redacted]");
});

it("leaves dates, bytes and what is innocent as it is", () => {
  const value = { at: new Date(5), bytes: new Uint8Array([1]), text: "innocent", count: 3 };
  expect(redact(value, ["secret"])).toEqual(value);
});
