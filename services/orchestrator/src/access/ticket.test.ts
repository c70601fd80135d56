import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTicket, isTicket, parseTicket, type Ticket } from "./ticket.ts";

const signWith = (key: string) => (text: string) => createHmac("sha256", key).update(text).digest("hex");
const sign = signWith("volume");
const tickets: fc.Arbitrary<Ticket> = fc.record({
  tenant: fc.string(),
  maker: fc.string(),
  runs: fc.array(fc.string(), { maxLength: 50 }),
  types: fc.array(fc.string(), { maxLength: 30 }),
  artifacts: fc.boolean(),
  expireTimeMs: fc.nat(),
});

describe("a ticket", () => {
  it("says what it said when it was made", () => {
    fc.assert(
      fc.property(tickets, (ticket) => {
        const text = formatTicket(ticket, sign);
        expect(text).toMatch(/^[A-Za-z0-9._~-]+$/);
        expect(parseTicket(text, sign)).toEqual(ticket);
      }),
    );
  });

  it("is invalid when one character of it is another, or the volume is", () => {
    const text = formatTicket({ tenant: "t", maker: "", runs: ["run-1"], types: [], artifacts: false, expireTimeMs: 10 }, sign);
    const isForged = expect.objectContaining({ reason: "TICKET_INVALID" });
    for (let at = 0; at < text.length; at++) {
      const forged = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect(() => parseTicket(forged, sign)).toThrow(isForged);
      expect(() => parseTicket(text.slice(0, at), sign)).toThrow(isForged);
    }
    expect(() => parseTicket(text, signWith("another volume"))).toThrow(isForged);
  });

  it("is told from a key by how it begins", () => {
    expect([
      isTicket(formatTicket({ tenant: "", maker: "", runs: [], types: [], artifacts: false, expireTimeMs: 0 }, sign)),
      isTicket("a-key"),
    ]).toEqual([true, false]);
  });
});
