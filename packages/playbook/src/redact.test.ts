import { expect, it } from "vitest";
import { createRedact } from "./redact.ts";

it("replaces a secret wherever it stands, also where it is encoded", () => {
  const said = {
    summary: "typed p@ss/w0rd!",
    nested: [{ url: `http://x/?q=${encodeURIComponent("p@ss/w0rd!")}` }],
    token: Buffer.from("p@ss/w0rd!").toString("base64"),
  };
  const clean = JSON.stringify(createRedact(["p@ss/w0rd!"])(said));
  expect(clean).not.toMatch(/w0rd/);
  expect(clean).not.toContain(Buffer.from("p@ss/w0rd!").toString("base64").slice(0, 10));
  expect(clean).toContain("[redacted]");
});

it("replaces the longer of two secrets that begin alike", () => {
  expect(createRedact(["s3cret!", "s3cret!longer"])("s3cret! and s3cret!longer")).toBe("[redacted] and [redacted]");
});

it("masks a short secret only where it is the whole text, and no empty one", () => {
  expect(createRedact(["12", ""])({ text: "12", other: "2012" })).toEqual({ text: "[redacted]", other: "2012" });
});

it("leaves dates, bytes and what is innocent as it is", () => {
  const value = { at: new Date(5), bytes: new Uint8Array([1]), text: "innocent", count: 3 };
  expect(createRedact(["secret"])(value)).toEqual(value);
});

it("leaves what gives an event its structure, whatever the secret", () => {
  const said = { summary: "step", payload: { $case: "stepStarted", value: { stepId: "step-1", action: "step", description: "a step" } } };
  expect(createRedact(["step"])(said)).toEqual({
    summary: "[redacted]",
    payload: { $case: "stepStarted", value: { stepId: "step-1", action: "step", description: "a [redacted]" } },
  });
});

it("cleans all that stands in data, details and facts, whatever its key is called", () => {
  const value = { data: { name: "hunter2", code: ["hunter2"], deep: { $case: "hunter2" } }, details: { reason: "hunter2" } };
  expect(JSON.stringify(createRedact(["hunter2"])(value))).not.toContain("hunter2");
});

const awkward = `p "<&'>\\ä% z/w0rd\n+=`;
const json = (text: string) => JSON.stringify(text);
const html = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

it.each<[string, (text: string) => string]>([
  ["as it is", (text) => text],
  ["in an address", encodeURIComponent],
  [
    "in an address that a browser wrote",
    (text) =>
      new URL(`http://x/?${text.replace("&", "%26").replace("\n", "%0A").replace("+", "%2B").replace("#", "%23").replace("%", "%25")}`)
        .search,
  ],
  ["in an address within an address", (text) => encodeURIComponent(encodeURIComponent(text)).toLowerCase()],
  ["in a form", (text) => new URLSearchParams({ text }).toString()],
  ["in JSON", json],
  ["in JSON within JSON within JSON", (text) => json(json(json(text)))],
  ["in JSON of ASCII only", (text) => json(text).replace("ä", "\\u00E4")],
  ["in HTML", html],
  [
    "in an attribute in HTML",
    (text) => html(text).replace('"', "&quot;").replace("'", "&#39;").replace("\n", "&#xA;").replace("ä", "&#228;"),
  ],
  ["in HTML within HTML", (text) => html(html(text))],
  ["in HTML within JSON", (text) => json(html(text))],
])("finds an awkward secret %s", (_where, write) => {
  const clean = createRedact([awkward])(`before ${write(awkward)} after`);
  expect(clean).not.toMatch(/w0rd/);
  expect(clean).toMatch(/^before .*\[redacted\].* after$/s);
});

it.each([0, 1, 2, 3])("finds a secret inside a longer Base64 text, %i bytes behind its beginning", (before) => {
  const secret = "tok_live_h3Jw8Ys5";
  const text = Buffer.from(`${"u".repeat(before)}${secret}:rest`).toString("base64");
  const clean = createRedact([secret])(`Basic ${text}`);
  expect(clean).toContain("[redacted]");
  expect(Buffer.from(clean.replaceAll("[redacted]", ""), "base64").toString("latin1")).not.toMatch(/live|h3Jw/);
});

it.each([4, 9, 16])("masks the first %i characters of a secret that others cut with an ellipsis", (length) => {
  const secret = "tok_live_h3Jw8Ys5";
  expect(createRedact([secret])(`resolved to <p>${secret.slice(0, length)}…</p> and … more`)).toBe(
    "resolved to <p>[redacted]…</p> and … more",
  );
  expect(createRedact([secret])("an innocent tok…")).toBe("an innocent tok…");
});

it("is not slowed down by texts that nearly match", () => {
  const redact = createRedact(['"'.repeat(40), "\\\\\\\\\\\\secret", "a".repeat(40)]);
  const text = `${"\\".repeat(100_000)}${'"\\'.repeat(50_000)}${"a…".repeat(50_000)}`;
  const startedAt = process.cpuUsage().user;
  redact(text);
  expect(process.cpuUsage().user - startedAt).toBeLessThan(5_000_000);
});
