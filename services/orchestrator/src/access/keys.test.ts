import { describe, expect, it } from "vitest";
import { authenticate, hashKey } from "./keys.ts";

const keys = [
  { tenant: "acme", name: "ci", hash: hashKey("acme-secret-key"), readOnly: false },
  { tenant: "default", name: "service", hash: hashKey("service-secret-key"), readOnly: true },
];

describe("keys", () => {
  it("tell who calls", () => {
    expect(authenticate(keys, "Bearer acme-secret-key", "ada")).toEqual({ tenant: "acme", key: "ci", actor: "ada", readOnly: false });
    expect(authenticate(keys, "bearer service-secret-key", undefined)).toMatchObject({ readOnly: true });
  });

  it("let anyone in where there are none", () => {
    expect(authenticate([], undefined, undefined)).toMatchObject({ tenant: "default", readOnly: false });
  });

  it.each([
    [undefined, "KEY_MISSING"],
    ["", "KEY_MISSING"],
    ["Bearer wrong", "KEY_INVALID"],
    ["Basic acme-secret-key", "KEY_INVALID"],
    ["Bearer ", "KEY_INVALID"],
  ])("refuse %j", (authorization, reason) => {
    expect(() => authenticate(keys, authorization, undefined)).toThrow(expect.objectContaining({ reason }));
  });
});
