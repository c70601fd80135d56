import { describe, expect, it } from "vitest";
import { type EventLineParts, formatEventLine } from "./event-line.ts";

const event: EventLineParts = {
  sequence: 7,
  time: "2026-01-01T00:00:01.240Z",
  type: "actionCompleted",
  summary: "Clicked button 'Cancel order'",
};
const since = "2026-01-01T00:00:00Z";

describe("the line of an event", () => {
  it.each([
    ["its sequence, the time since the beginning, and what happened", event, "   7   +1.2 s  Clicked button 'Cancel order'"],
    [
      "long sequences and times in the same columns",
      { ...event, sequence: 12_345, time: "2026-01-01T01:00:00Z" },
      "12345  +3600.0 s  Clicked button 'Cancel order'",
    ],
    ["no time before the beginning", { ...event, time: "2025-12-31T23:59:59Z" }, "   7   +0.0 s  Clicked button 'Cancel order'"],
    ["the type of an event without a summary", { ...event, summary: "" }, "   7   +1.2 s  actionCompleted"],
    [
      "nothing that would move the cursor or turn the text",
      { ...event, summary: "Read \u001b[2J\u001b[1;1H\r\n'ok\u202e'\u0007" },
      "   7   +1.2 s  Read  [2J [1;1H 'ok '",
    ],
  ])("shows %s", (_, given, line) => {
    expect(formatEventLine(given, since)).toBe(line);
  });
});
