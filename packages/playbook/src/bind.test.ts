import fc from "fast-check";
import { expect, test } from "vitest";
import { addressProblems } from "./address-problems.ts";
import { bindParameters } from "./bind-parameters.ts";
import { bindSelector } from "./bind-selector.ts";
import { bindText } from "./bind-text.ts";
import { bindUrl } from "./bind-url.ts";
import { parsePlaybook } from "./parse-playbook.ts";
import { patternProblem } from "./pattern.ts";

const x = (value: string) => new Map([["x", value]]);

test("puts values in once: braces in a value are not placeholders", () => {
  expect(
    bindText(
      "{a} and {b}, {{c}} {} { d }",
      new Map([
        ["a", "{b}"],
        ["b", "{{a}}"],
      ]),
    ),
  ).toEqual({ text: "{b} and {{a}}, {c} {} { d }" });
});

test.each([
  ["{x}", "https://shop.example/a?b=c", "https://shop.example/a?b=c"],
  ["{x}/login", "http://127.0.0.1:4000/", "http://127.0.0.1:4000/login"],
  ["https://shop.example/orders/{x}", "a/b?c#d e", "https://shop.example/orders/a%2Fb%3Fc%23d%20e"],
  ["https://shop.example/?q={x}&n=1", "1&admin=true", "https://shop.example/?q=1%26admin%3Dtrue&n=1"],
  ["https://{x}/a", "shop.example:8080", "https://shop.example:8080/a"],
  ["https://shop.example/{x}", "\ud800", "https://shop.example/%EF%BF%BD"],
])("puts a value into a URL as what it is there: %s", (template, value, bound) => {
  expect(bindUrl(template, x(value))).toEqual({ text: bound });
});

test.each([
  ["https://{x}.example/a", "evil.org/"],
  ["https://{x}/a", "user@evil.org"],
  ["https://shop.example{x}", "@evil.org"],
  ["https://shop.example/a/{x}/b", ".."],
  ["https://shop.example/a/.{x}/b", "."],
])("refuses a value that would lead a URL elsewhere: %s with %s", (template, value) => {
  expect(bindUrl(template, x(value))).toHaveProperty("problem");
});

test.each([
  ['[data-id="{x}"]', `a"]\\`, '[data-id="a\\"]\\\\"]'],
  ["[data-id='{x}']", "it's", "[data-id='it\\'s']"],
  ['a:text-is("{x}")', "line\nbreak", 'a:text-is("line\\a break")'],
  ["#order-{x}", "12345", "#order-12345"],
  ["#{x}", "12345", "#\\31 2345"],
  ["#{x} > a", "a.b #c", "#a\\.b\\ \\#c > a"],
  ["tr:nth-child({x})", "3", "tr:nth-child(3)"],
  ["tr:nth-child(2n + {x})", "3", "tr:nth-child(2n + 3)"],
  ["tr:has(#{x})", "7", "tr:has(#\\37 )"],
  ["tr:has(> a.{x})", "7", "tr:has(> a.\\37 )"],
  ['role=button[name="{x}"]', 'say "hi"', 'role=button[name="say \\"hi\\""]'],
  ["text=Order {x}", "12345", "text=Order 12345"],
  ['table >> text="{x}"', 'a" >', 'table >> text="a\\" >"'],
  ['//a[text()="{x}"]', "it's", '//a[text()="it\'s"]'],
])("puts a value into a selector as what it is there: %s with %j", (template, value, bound) => {
  expect(bindSelector(template, x(value))).toEqual({ text: bound });
});

test.each([
  ["text=Order {x}", "1 >> body"],
  ["text={x}", "/.*/"],
  ["text={x}", '"exact"'],
  ['text="{x}"', "a >> b"],
  ['//a[text()="{x}"]', 'a" or "1"="1'],
  ["//a[{x}]", "1 or 1"],
  ["role=button[name={x}]", "/.*/"],
  ["#{x}", ""],
])("refuses a value that no escape makes safe: %s with %s", (template, value) => {
  expect(bindSelector(template, x(value))).toHaveProperty("problem");
});

test("lets no value out of the string it stands in", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('"', "'", "\\", "]", ")", ">", "{", "}", "a", "\n", " ", "\u0000", "é") }),
      fc.constantFrom('"', "'"),
      (value, quote) => {
        const bound = bindSelector(`[a=${quote}{x}${quote}]`, x(value));
        const text = "text" in bound ? bound.text : "";
        const inside = text.slice(4, -2);
        expect(inside.replaceAll(/\\[0-9a-f]+ |\\[^0-9a-f\n]/g, "")).not.toMatch(/["'\\\n\0]/);
      },
    ),
  );
});

const braced = fc.string({
  unit: fc.constantFrom("{", "}", "x", "y", "{x}", "{{y}}", "/", "?", "#", "%", "&", "@", ":", "\\", " ", "é", "a"),
  maxLength: 12,
});

test("[weakness 36] never looks at a value again", () => {
  fc.assert(
    fc.property(braced, braced, (one, two) => {
      const values = new Map([
        ["x", one],
        ["y", two],
      ]);
      expect(bindText("<{x}|{y}|{{x}}>", values)).toEqual({ text: `<${one}|${two}|{x}>` });
    }),
  );
});

test("[weakness 36] keeps a value within its part of a URL", () => {
  fc.assert(
    fc.property(braced, (value) => {
      const bound = bindUrl("https://shop.example/orders/o-{x}/view?q={x}&n=1#end", x(value));
      const url = new URL("text" in bound ? bound.text : "");
      expect(url.origin).toBe("https://shop.example");
      expect(url.pathname.split("/").map(decodeURIComponent)).toEqual(["", "orders", `o-${value}`, "view"]);
      expect([...url.searchParams]).toEqual([
        ["q", value],
        ["n", "1"],
      ]);
      expect(url.hash).toBe("#end");
    }),
  );
});

const parsed = parsePlaybook(`
parameters:
  - { name: order, type: int, description: the order's number }
  - { name: code, pattern: "[A-Z]{2}-\\\\d+", default: AB-1 }
  - { name: host, default: shop.example }
steps:
  - { action: goto, params: { url: "https://{host}/{order}" } }
  - { action: extract, store_as: found }
  - { action: click, selector: "text={found}" }`);
const playbook = "playbook" in parsed ? parsed.playbook : undefined;
const bind = (params: Record<string, unknown>) => {
  if (playbook === undefined) throw new Error("The playbook is not valid.");
  const bound = bindParameters(playbook, params);
  return "values" in bound ? Object.fromEntries(bound.values) : bound.problems.map(({ field, message }) => `${field} ${message}`);
};

test("takes what fits, and fills in defaults", () => {
  expect(bind({ order: 12345 })).toEqual({ order: "12345", code: "AB-1", host: "shop.example" });
  expect(bind({ order: "7", code: "XY-22" })).toEqual({ order: "7", code: "XY-22", host: "shop.example" });
});

test.each([
  [{}, ["params.order is missing: the order's number"]],
  [{ order: 1.5, code: "ab-1" }, ["params.order must be a whole number", "params.code must match [A-Z]{2}-\\d+"]],
  [
    { order: "12; drop", ordr: 1 },
    ["params.ordr is no parameter of this playbook; did you mean 'order'?", "params.order must be a whole number"],
  ],
  [{ order: { a: 1 } }, ["params.order must be a string"]],
  [{ order: 1, code: `AB-${"1".repeat(300)}` }, ["params.code must have at most 256 characters"]],
  [{ order: 1, host: "evil.org/x" }, ["steps[0].params.url the value of 'host' must be a host, or host:port, to stand there"]],
])("refuses what does not fit, all of it: %j", (params, problems) => {
  expect(bind(params)).toEqual(problems);
});

test.each(["(a+)+", "(a|a)*", "(a?)*", "(?=a)", "(?<!a)", "(a)\\1", "a*a*a*a*", "(", "((a+)b)*", "(a|b){2,}"])(
  "refuses a pattern that may take for ever: %s",
  (pattern) => {
    expect(patternProblem(pattern)).toBeTypeOf("string");
  },
);

test.each(["\\d{5}", "[A-Z]{2}-\\d+", "(?:open|closed)", "[^@]+@[a-z.]+", "(ab)+", "#?(\\d{3,})", "\\(a\\)*"])(
  "takes a plain pattern: %s",
  (pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  },
);

test.each([
  ["javascript:alert(1)", false],
  [" file:///etc/passwd", false],
  ["localhost:8080", false],
  ["5", false],
  ["/orders", false],
  ["", true],
  ["https://shop.example/", true],
])("of an address that begins with a value, %j is a page of the web: %s", (url, isFine) => {
  const parsed = parsePlaybook('parameters: [{ name: url }]\nsteps: [{ action: goto, params: { url: "{url}" } }]');
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const message = "the value of 'url' must begin with http:// or https:// to stand there";
  const refused = [{ field: "steps[0].params.url", message, line: 0, column: 0 }];
  expect(addressProblems(parsed.playbook, new Map([["url", url]]))).toEqual(isFine ? [] : refused);
});

test.each(["", "BLACK5"])("leaves it to the steps under an if what a value may be: %j", (coupon) => {
  const step = '{ action: click, selector: { text: "{coupon}" } }';
  const parsed = parsePlaybook(
    `parameters: [{ name: coupon, default: "" }]\nsteps: [{ if: { value: "{coupon}", not_equals: "" }, then: [${step}], else: [{ action: screenshot }] }, ${step}]`,
  );
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const bound = bindParameters(parsed.playbook, { coupon });
  const refused = [{ field: "steps[1].selector.primary.value", message: "would be blank, and is to be looked for", line: 0, column: 0 }];
  expect("problems" in bound ? bound.problems : []).toEqual(coupon === "" ? refused : []);
});

test("leaves it to the steps under an if whether a value is an address", () => {
  const open = '{ action: goto, params: { url: "{url}" } }';
  const parsed = parsePlaybook(`parameters: [{ name: url }]\nsteps: [{ if: { value: "{url}", not_equals: none }, then: [${open}] }]`);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  expect(addressProblems(parsed.playbook, new Map([["url", "none"]]))).toEqual([]);
});
