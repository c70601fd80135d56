import { Fault } from "@clew/fault/fault";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseJsonBody } from "./parse-json-body.ts";

const parse = (text: string) => parseJsonBody(Buffer.from(text));

function violationsOf(text: string): readonly string[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    return Fault.from(error).violations.map(({ field, rule, message }) => `${field} ${rule}: ${message}`);
  }
}

it.each([
  ['{"a":1,"a":1}', ["a 1 8"]],
  ['{"a":1,"b":{"a":1},"c":{"a":1}}', []],
  ['{"a":{"b":[0,{"c":"d","\\u0063":2}]}}', ["a.b[1].c 1 23"]],
  ['{"a" : 1,\n "b": [],\r\n\t"b"\n: {}, "a":2, "a":3}', ["b 3 2", "a 4 7", "a 4 14"]],
  ['[{"a":"\\"a\\":{","b":"a"},{"a":"b"}]', []],
  ['{"__proto__":1,"__proto__":2}', ["__proto__ 1 16"]],
])("tells of each name that an object has again: %s", (text, places) => {
  const expected = places.map((place) => place.split(" ")).map(([field, line, column]) => ({ field, at: `line ${line} column ${column}` }));
  expect(violationsOf(text)).toEqual(expected.map(({ field, at }) => `${field} duplicate: is given more than once, again in ${at}`));
});

it("finds none in what JSON.stringify writes, and reads that as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), undefined, space);
      expect(parse(text)).toEqual(JSON.parse(text));
    }),
  );
});

it("ends soon where very many names come again, each at the end of a very long path", () => {
  const depth = 50_000;
  const text = `${'{"a":'.repeat(depth)}{"b":1,"b":1}${',"a":1}'.repeat(depth)}`;
  expect(violationsOf(text)).toHaveLength(20);
});

it.each([
  ['{"a":', "body json: is not valid JSON"],
  ['{"a":1 "a":2}', "body json: is not valid JSON"],
])("says that a text is no JSON before anything else of it: %s", (text, says) => {
  expect(violationsOf(text).map((one) => one.slice(0, says.length))).toEqual([says]);
});
