import { expect, test } from "vitest";
import { toCallHeaders } from "./call-headers.ts";

const request = (headers: Record<string, string>) => ({ id: "id-1", url: "/", headers });

test("a ticket is passed on as one, whatever it is; a key that comes along wins", () => {
  const shown = (ticket: string, headers = {}) => toCallHeaders(request(headers), ticket)["authorization"];
  expect(shown("clewt2.a.b")).toBe("Ticket clewt2.a.b");
  for (const odd of ["", "a b", "é", "a\nb", "x".repeat(9_000)]) expect(shown(odd)).toBe("Ticket");
  expect(shown("clewt2.a.b", { authorization: "Bearer key" })).toBe("Bearer key");
});

test("of the headers only those that have their form are passed on", () => {
  const headers = { authorization: "Bearer key", "clew-actor": "ada", traceparent: "no", cookie: "secret" };
  expect(toCallHeaders(request(headers))).toEqual({ "x-request-id": "id-1", authorization: "Bearer key", "clew-actor": "ada" });
});
