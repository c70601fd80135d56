import { expect, test } from "vitest";
import { createScrub } from "./scrub.ts";

const session = "a-session-nobody-told-of";

test.each([
  ["a header of a request", { request: { headers: [{ name: "Cookie", value: `session=${session}` }] } }],
  ["a header of an answer", { response: { headers: [{ name: "set-cookie", value: `session=${session}; Path=/` }] } }],
  ["what authorizes", { headers: [{ name: "Authorization", value: `Bearer ${session}` }] }],
  ["headers by name", { headers: { authorization: session } }],
  ["a list of cookies", { cookies: [{ name: "session", value: session, path: "/" }] }],
  ["a log's line of a request", { type: "log", message: `  cookie: session=${session}` }],
])("takes %s out of a line, without knowing the secret", (_what, line) => {
  const scrubbed = createScrub([]).line(JSON.stringify(line));
  expect(scrubbed).not.toContain(session);
  expect(scrubbed).toContain("[redacted]");
});

test.each([
  ["a look at a page", ["INPUT", { type: "Password", name: "p", value: "theirs-1", __playwright_value_: "theirs-2" }]],
  ["markup", { body: "<p>a</p><input type='password' value='theirs-1'><input name=p value=theirs-2 type=password required>" }],
])("takes what password fields hold out of %s", (_what, line) => {
  const scrubbed = createScrub([]).line(JSON.stringify(line));
  expect(scrubbed).not.toMatch(/theirs-/);
  expect(scrubbed.match(/\[redacted\]/g)).toHaveLength(2);
});

test("takes what password fields hold out of a file of markup, and nothing else", () => {
  const markup = '<input name="q" value="mine"><input name="p" value="theirs-1" type=password required>';
  expect(createScrub([]).bytes(Buffer.from(markup))?.toString()).toBe(markup.replace("theirs-1", "[redacted]"));
});

test("leaves other lines as they are", () => {
  const line = JSON.stringify({ headers: [{ name: "accept", value: "text/html" }], cookies: [], text: "a cookie: sweet" });
  expect(createScrub([]).line(line)).toBe(line);
});
