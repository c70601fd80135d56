import { mergeGuardrails } from "@clew/playbook/guardrail-settings";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StuckDetector, type StuckObservation, type StuckSettings, stuckSeverities } from "./stuck-detector.ts";
import { stuckSignature } from "./stuck-signature.ts";

const settings: StuckSettings = mergeGuardrails({});
const seen = (signature: string, more: Partial<StuckObservation> = {}): StuckObservation => ({
  signature,
  pageState: "",
  success: true,
  visited: [],
  ...more,
});
/** What is said of each action: rule and severity, or a dash. */
function told(observations: readonly StuckObservation[], given: Partial<StuckSettings> = {}): string[] {
  const detector = new StuckDetector({ ...settings, ...given });
  return observations.map((each) => detector.record(each)).map((verdict) => (verdict ? `${verdict.rule} ${verdict.severity}` : "-"));
}
const repeated = (count: number, ...signatures: string[]) =>
  Array.from({ length: count }, () => signatures.map((each) => seen(each))).flat();

test("an action that repeats is hinted at, warned of and stopped, each at its number", () => {
  expect(told(repeated(8, "click"))).toEqual([
    "-",
    "-",
    "stuck_repeat hint",
    "stuck_repeat hint",
    "stuck_repeat warning",
    "stuck_repeat warning",
    "stuck_repeat stop",
    "stuck_repeat stop",
  ]);
  const sooner = { stuckRepeatHint: 2, stuckRepeatWarn: 3, stuckRepeatStop: 4 };
  expect(told(repeated(4, "click"), sooner)).toEqual(["-", "stuck_repeat hint", "stuck_repeat warning", "stuck_repeat stop"]);
});

test("repetitions with another action between them do not count", () => {
  expect(told(["a", "a", "b", "a", "a", "c", "a", "a"].map((each) => seen(each)))).toEqual(Array(8).fill("-"));
});

describe("[weakness 40] progress is not taken for a circle", () => {
  test("another text typed at the same place is another action", () => {
    const typed = (text: string) => seen(stuckSignature({ action: "key_press", params: { text } }));
    expect(told(["a", "b", "c", "d", "e", "f", "g", "h"].map(typed))).toEqual(Array(8).fill("-"));
    expect(told(Array(3).fill(typed("a"))).at(-1)).toBe("stuck_repeat hint");
  });

  test("scrolling or looking on a page that changes is none, on one that does not it is", () => {
    const look = (pageState: string) => seen(stuckSignature({ action: "get_dom" }), { pageState });
    expect(told(["1", "2", "3", "4", "5", "6", "7"].map(look))).toEqual(Array(7).fill("-"));
    expect(told(Array(7).fill(look("1"))).at(-1)).toBe("stuck_repeat stop");
  });

  test("three times three actions fit into the window that nobody gave", () => {
    expect(told(repeated(3, "a", "b", "c")).slice(-2)).toEqual(["-", "stuck_cycle hint"]);
  });
});

test("a circle is graver the longer it goes on", () => {
  expect(told(repeated(5, "a", "b")).slice(5)).toEqual([
    "stuck_cycle hint",
    "stuck_cycle warning",
    "stuck_cycle stop",
    "stuck_cycle stop",
    "stuck_cycle stop",
  ]);
  expect(told(repeated(3, "a", "b"), { stuckCycleRepeats: 4 }).at(-1)).toBe("-");
  expect(told(repeated(3, "a", "b", "c"), { stuckCycleMaxLength: 2 }).at(-1)).toBe("-");
});

test("a page that is opened again is hinted at after the gap, warned of under suspicion, and never stops", () => {
  const visit = (index: number) => seen(`goto ${index}`, { visited: [`https://a.example/${index % 5}`] });
  expect(told(Array.from({ length: 8 }, (_, index) => visit(index)))).toEqual([
    ...Array(5).fill("-"),
    "stuck_revisit hint",
    "stuck_revisit hint",
    "stuck_revisit warning",
  ]);
  expect(told(Array.from({ length: 30 }, (_, index) => visit(index))).join()).not.toContain("stop");
  expect(
    told(
      Array.from({ length: 30 }, (_, index) => visit(index)),
      { stuckRevisitGap: 6 },
    ),
  ).toEqual(Array(30).fill("-"));
});

test("a page whose opening failed was not visited", () => {
  const visit = (index: number) => seen(`goto ${index}`, { visited: ["https://a.example/"], success: index !== 0 });
  expect(told(Array.from({ length: 6 }, (_, index) => (index === 0 || index === 5 ? visit(index) : seen(`click ${index}`))))[5]).toBe("-");
});

test("failures close together are hinted at, however different", () => {
  const fails = (index: number, success = false) => seen(`click ${index}`, { success });
  expect(told([fails(1), fails(2, true), fails(3), fails(4, true), fails(5)])).toEqual(["-", "-", "-", "-", "stuck_failures hint"]);
  expect(told([fails(1), fails(2), fails(3, true), fails(4, true), fails(5, true), fails(6)])).toEqual(Array(6).fill("-"));
  expect(told([fails(1), fails(2)], { stuckFailureClusterWindow: 2, stuckFailureClusterThreshold: 2 })[1]).toBe("stuck_failures hint");
});

describe("whatever is done", () => {
  const observation = fc.record({
    signature: fc.constantFrom("a", "b", "c"),
    pageState: fc.constantFrom("1", "2"),
    success: fc.boolean(),
    visited: fc.array(fc.webUrl(), { maxLength: 1 }),
  });
  const history = fc.array(observation, { maxLength: 60 });

  test("the window is never larger than it may be", () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 9, max: 50 }), (observations, stuckWindowSize) => {
        const detector = new StuckDetector({ ...settings, stuckWindowSize });
        for (const [index, each] of observations.entries()) {
          detector.record(each);
          expect(detector.remembered).toBe(Math.min(index + 1, stuckWindowSize));
        }
      }),
    );
  });

  test("a detection weighs one, and clean actions take all of it back", () => {
    fc.assert(
      fc.property(history, (observations) => {
        const detector = new StuckDetector(settings);
        for (const each of observations) {
          const before = detector.suspicion;
          const verdict = detector.record(each);
          expect(detector.suspicion).toBe(verdict === undefined ? Math.max(0, before - 1) : before + 1);
        }
        const weight = detector.suspicion;
        for (let index = 0; index < weight; index++) expect(detector.record(seen(`new ${index}`))).toBeUndefined();
        expect(detector.suspicion).toBe(0);
      }),
    );
  });

  test("while the same goes on, what is said of it grows no milder, and ends in a stop", () => {
    const circle = fc.uniqueArray(fc.constantFrom("x", "y", "z"), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(history, circle, (before, signatures) => {
        const detector = new StuckDetector(settings);
        for (const each of before) detector.record(each);
        const said = repeated(12, ...signatures).map((each) => stuckSeverities.indexOf(detector.record(each)?.severity ?? "hint"));
        const settled = said.slice(9);
        expect(settled).toEqual(settled.toSorted((one, other) => one - other));
        expect(settled.at(-1)).toBe(stuckSeverities.indexOf("stop"));
      }),
    );
  });
});
