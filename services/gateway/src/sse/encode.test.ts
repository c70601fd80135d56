import { createParser, type EventSourceMessage } from "eventsource-parser";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSse, type SseFields } from "./encode.ts";

function parse(text: string): { events: EventSourceMessage[]; retries: number[] } {
  const events: EventSourceMessage[] = [];
  const retries: number[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event), onRetry: (ms) => retries.push(ms) });
  parser.feed(text);
  return { events, retries };
}

const token = fc.stringMatching(/^[A-Za-z0-9._~-]{1,64}$/);
const name = fc.stringMatching(/^[a-z][A-Za-z]{0,20}$/);
const data = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom("\n", "\r", "\r\n", " ", ":", "data: x", "id: 7", "", "\0", "\ufeff", "é", "𝄞")).map((parts) => parts.join("")),
);

test("a reader parses exactly what was written, whatever the data holds", () => {
  const fields = fc.record({ id: token, event: name, data, retryMs: fc.nat(100_000) });
  fc.assert(
    fc.property(fc.array(fields, { minLength: 1, maxLength: 5 }), (list) => {
      const { events, retries } = parse(list.map(encodeSse).join(""));
      expect(retries).toEqual(list.map(({ retryMs }) => retryMs));
      expect(events).toEqual(list.map(({ id, event, data: text }) => ({ id, event, data: text.replaceAll(/\r\n|\r/g, "\n") })));
    }),
  );
});

test("a comment is seen by no reader and breaks no event", () => {
  fc.assert(
    fc.property(data, token, (comment, id) => {
      expect(parse(encodeSse({ comment }) + encodeSse({ id, data: "x" })).events).toEqual([{ id, data: "x", event: undefined }]);
    }),
  );
});

test("the wire form is the documented one", () => {
  expect(encodeSse({ id: "c1.a", data: '{"a":1}' })).toBe('id: c1.a\ndata: {"a":1}\n\n');
  expect(encodeSse({ retryMs: 1500.4 })).toBe("retry: 1500\n\n");
  expect(encodeSse({ comment: "" })).toBe(": \n\n");
  expect(encodeSse({ retryMs: 10, event: "busy", data: "{}" })).toBe("retry: 10\nevent: busy\ndata: {}\n\n");
});

test.each<[string, SseFields]>([
  ["a newline in the id", { id: "a\nb" }],
  ["a carriage return in the id", { id: "a\rb" }],
  ["a NUL in the id", { id: "a\0b" }],
  ["a newline in the event name", { event: "a\ndata: forged" }],
  ["a negative retry", { retryMs: -1 }],
  ["a retry that is no number", { retryMs: Number.NaN }],
])("refuses %s", (_what, fields) => {
  expect(() => encodeSse(fields)).toThrow(RangeError);
});
