import { requestSchema } from "@clew/playbook/schema/request";
import { expect, test } from "vitest";
import { firstHop, nextHop } from "./request-hop.ts";

const post = firstHop(
  requestSchema.parse({
    method: "POST",
    url: "https://shop.example/orders?a=1",
    query: { q: "ä & b", page: 2 },
    headers: { "X-CSRF": "step" },
    cookies: { theme: "dark" },
    json: { id: 1 },
  }),
  new Map<string, Record<string, string>>([
    ["https://shop.example", { "x-csrf": "common", Authorization: "Bearer x" }],
    ["https://other.example", { "x-other": "elsewhere" }],
  ]),
);

test("puts the query into the address, and the step's headers over the common ones", () => {
  expect(post).toEqual({
    method: "POST",
    url: "https://shop.example/orders?a=1&q=%C3%A4+%26+b&page=2",
    headers: { "x-csrf": "step", authorization: "Bearer x", "content-type": "application/json" },
    cookies: { theme: "dark" },
    body: '{"id":1}',
  });
});

test("writes a form as one", () => {
  const hop = firstHop(requestSchema.parse({ method: "POST", url: "https://shop.example/", form: { a: "1 2", b: true } }), new Map());
  expect(hop).toMatchObject({ headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=1+2&b=true" });
});

test.each([
  [301, "GET"],
  [302, "GET"],
  [303, "GET"],
  [307, "POST"],
  [308, "POST"],
])("makes of a POST that is answered with %i a %s, as browsers do", (status, method) => {
  const next = nextHop(post, status, "/done");
  expect(next).toMatchObject({ method, url: "https://shop.example/done", cookies: { theme: "dark" } });
  expect(next?.body).toBe(method === "GET" ? undefined : post.body);
  expect(next?.headers["content-type"]).toBe(method === "GET" ? undefined : "application/json");
  expect(next?.headers["x-csrf"]).toBe("step");
});

test("tells another origin neither headers nor cookies that let in", () => {
  const next = nextHop(post, 307, "https://other.example/");
  expect(next).toMatchObject({ headers: { "content-type": "application/json" }, cookies: {} });
  expect(Object.keys(next?.headers ?? {})).toEqual(["content-type"]);
});

test("follows only redirects that say where to", () => {
  expect(nextHop(post, 200, "/done")).toBeUndefined();
  expect(nextHop(post, 304, "/done")).toBeUndefined();
  expect(nextHop(post, 302, undefined)).toBeUndefined();
  expect(nextHop(post, 302, "http://:bad")).toBeUndefined();
});
