import { Fault } from "@clew/fault/fault";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatResumeToken, parsePosition } from "./resume-token.ts";

const runIds = fc.stringMatching(/^run-[0-9a-f]{32}$/);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const fields = fc.record({
  epoch: u32,
  sequence: u32,
  chain: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

function reasonOf(parse: () => unknown): string {
  try {
    parse();
    return "none";
  } catch (error) {
    return Fault.from(error).reason;
  }
}

describe("a resume token", () => {
  it("comes back as the fields it was made of, at every number it can hold", () => {
    fc.assert(
      fc.property(runIds, fields, (runId, token) => {
        expect(parsePosition(formatResumeToken({ runId, ...token }), runId)).toEqual({ kind: "token", ...token });
      }),
    );
  });

  it("keeps to the letters and the length the contract promises", () => {
    fc.assert(
      fc.property(runIds, fields, (runId, token) => {
        expect(formatResumeToken({ runId, ...token })).toMatch(/^c1\.[A-Za-z0-9_-]{35}$/);
      }),
    );
  });

  it("is refused by every other run", () => {
    fc.assert(
      fc.property(runIds, runIds, fields, (runId, other, token) => {
        fc.pre(runId !== other);
        expect(reasonOf(() => parsePosition(formatResumeToken({ runId, ...token }), other))).toBe("TOKEN_OF_ANOTHER_RUN");
      }),
    );
  });

  it("has one spelling only: whatever is read as a token is written the same again", () => {
    const spelling = fc.oneof(
      fc.stringMatching(/^c1\.[A-Za-z0-9_+/=-]{30,40}$/),
      fc
        .tuple(runIds, fields, fc.constantFrom("=", "A", " ", "\n"))
        .map(([runId, token, more]) => formatResumeToken({ runId, ...token }) + more),
    );
    fc.assert(
      fc.property(spelling, runIds, (text, runId) => {
        expect(["TOKEN_MALFORMED", "TOKEN_OF_ANOTHER_RUN"]).toContain(reasonOf(() => parsePosition(text, runId)));
      }),
    );
    const runId = `run-${"0".repeat(32)}`;
    const token = formatResumeToken({ runId, epoch: 1, sequence: 7, chain: new Uint8Array(8), offset: 64 });
    // The last letter holds two bits that mean nothing.
    const lastLetters = "BCD".split("");
    for (const letter of lastLetters) {
      const spelled =
        token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + letter.charCodeAt(0) - "A".charCodeAt(0));
      expect(
        reasonOf(() => parsePosition(spelled, runId)),
        spelled,
      ).toBe("TOKEN_MALFORMED");
    }
  });

  it("never means the same with one letter changed", () => {
    fc.assert(
      fc.property(runIds, fields, fc.nat(34), fc.constantFrom("A", "z", "0", "-", "_"), (runId, token, at, letter) => {
        const text = formatResumeToken({ runId, ...token });
        fc.pre(text[3 + at] !== letter);
        const changed = text.slice(0, 3 + at) + letter + text.slice(4 + at);
        let parsed: unknown;
        try {
          parsed = parsePosition(changed, runId);
        } catch {
          return;
        }
        expect(parsed).not.toEqual({ kind: "token", ...token });
      }),
    );
  });
});

describe("a position that is no token", () => {
  const runId = `run-${"ab".repeat(16)}`;

  it("may be nothing, now, or a decimal", () => {
    expect(parsePosition("", runId)).toEqual({ kind: "start" });
    expect(parsePosition("now", runId)).toEqual({ kind: "now" });
    expect(parsePosition("0", runId)).toEqual({ kind: "sequence", sequence: 0 });
    expect(parsePosition("200000", runId)).toEqual({ kind: "sequence", sequence: 200_000 });
    expect(parsePosition("99999999999", runId)).toEqual({ kind: "sequence", sequence: 99_999_999_999 });
  });

  it.each(["-1", "1.5", "1e3", "0x10", " 7", "7 ", "Now", "c1.", "c2.AAAA", "c1.AAAA", "true", "1".repeat(16), "ä", "\0"])(
    "is malformed as %j",
    (text) => {
      expect(reasonOf(() => parsePosition(text, runId))).toBe("TOKEN_MALFORMED");
    },
  );
});
