import { expect, test } from "vitest";
import { credentialNames } from "./credential-names.ts";
import { parsePlaybook } from "./parse-playbook.ts";

const problemsOf = (text: string, id?: string) => {
  const parsed = parsePlaybook(text, id === undefined ? {} : { id });
  return "problems" in parsed ? parsed.problems : [];
};

test("reads a playbook and fills in what it leaves out", () => {
  const parsed = parsePlaybook("steps:\n  - { action: click, selector: button }\n", { id: "short" });
  expect(parsed).toEqual({
    calls: [],
    playbook: {
      id: "short",
      version: "",
      description: "",
      parameters: [],
      checks: [],
      tags: [],
      steps: [
        {
          action: "click",
          description: "",
          failure_message: "",
          on_failure: "llm_recover",
          params: {},
          selector: {
            primary: { by: "selector", value: "button", exact: false, whole_words: false, frame: [] },
            fallbacks: [],
            description: "",
          },
        },
      ],
    },
  });
});

test.each([
  ["steps: [}", "", 1, 9, "end with a ]"],
  ["steps:\n\t- x", "", 2, 1, "Tabs are not allowed"],
  ["x:\n  ? [a]\n  : 1", "x", 2, 5, "has a key that is no text"],
  ["a: 1\na: 2", "a", 2, 1, "is given more than once; the first is in line 1"],
  ["steps:\n  - action: click\n    params: { 'count': 1, count: 2 }", "steps[0].params.count", 3, 27, "the first is in line 3"],
  ["id: a: b", "", 1, 5, "must be in quotes"],
  ["id: a\n---\nid: b", "", 2, 1, "is one document"],
  ["steps: *none", "", 1, 8, "no anchor"],
  ["steps:\n  - action: clik\n", "steps[0].action", 2, 13, "did you mean 'click'?"],
  [
    "steps:\n  - { action: get_dom, params: { selectorr: a } }",
    "steps[0].params.selectorr",
    2,
    34,
    "known are max_chars, depth, find, changes",
  ],
  ["steps:\n  - action: click\n    selecter: a\n    selector: b\n", "steps[0].selecter", 3, 5, "did you mean 'selector'?"],
  ["steps:\n  - action: click\n", "steps[0].selector", 2, 5, "is missing"],
  ["steps:\n  - acton: click\n    selector: a\n", "steps[0].action", 2, 5, "is missing; is it meant by 'acton'?"],
  [
    "steps:\n  - action: execute_sequence\n    steps:\n      - action: execute_sequence\n        steps: [{ action: extract }]\n",
    "steps[0].steps[0].action",
    4,
    17,
    "cannot stand within execute_sequence",
  ],
  ["steps: [{ action: extract, description: 'a\0b' }]", "", 1, 43, "holds a NUL"],
  [
    "steps:\n  - { action: api_request, request: { url: 'http://a/', headers: { 'a b': x } } }",
    "steps[0].request.headers",
    2,
    66,
    "names without blanks",
  ],
  [
    'steps:\n  - { action: api_request, request: { url: "http://a/", headers: { a: "x\\ny" } } }',
    "steps[0].request.headers.a",
    2,
    71,
    "must be one line",
  ],
  ["steps:\n  - { action: click, selector: 'a:nth-child(foo)' }", "steps[0].selector", 2, 45, "a number, odd, even"],
  ["steps:\n  - click: a\n", "steps[0].action", 2, 5, "is missing; write action: click"],
  ["steps:\n  - action: click\n    selector: #a\n", "steps[0].selector", 3, 15, "what begins with # is a comment unless it is in quotes"],
  ["steps:\n  - { action: click, selector: !!js/function 'a' }\n", "", 2, 32, "there is no such tag"],
  ["steps:\n  - { action: click, selector: !!binary 'aGVsbG8=' }\n", "", 2, 32, "there is no such tag"],
  ["stps: []\nsteps:\n  - { action: extract }", "stps", 1, 1, "did you mean 'steps'?"],
  ["steps:\n  - action: goto\n    params:\n      url: 7\n", "steps[0].params.url", 4, 12, "must be a string; put it in quotes"],
  ["steps:\n  - action: extract\n    verify: { timeout_ms: 100 }\n", "steps[0].verify", 3, 13, "must expect something"],
  ["steps:\n  - { action: key_press, params: {} }\n", "steps[0].params", 2, 34, "must have text, key or credential_ref"],
  ["steps: []\n", "steps", 1, 8, "at least 1 entries"],
  ["id: ../x\nsteps:\n  - { action: extract }\n", "id", 1, 5, "must be letters, digits"],
  [
    "parameters:\n  - { name: a, pattern: '(x+)+' }\nsteps:\n  - { action: extract }\n",
    "parameters[0].pattern",
    2,
    25,
    "must not repeat a group",
  ],
  [
    "steps:\n  - { action: goto, params: { url: '{ulr}' } }\nparameters:\n  - name: url\n",
    "steps[0].params.url",
    2,
    36,
    "did you mean 'url'?",
  ],
  [
    "steps:\n  - { action: goto, params: { url: '{later}' } }\n  - { action: extract, store_as: later }\n",
    "steps[0].params.url",
    2,
    36,
    "nothing gives a value for {later}",
  ],
  ["", "", 1, 1, "is empty"],
  ["steps:\n  - { action: click, selector: 'a[href=/x]' }", "steps[0].selector", 2, 34, "put the value in quotes"],
  ["steps:\n  - { action: click, selector: { css: 'a >' } }", "steps[0].selector.css", 2, 43, "missing at its end"],
  ["steps:\n  - { action: click, selector: { xpath: '//a[' } }", "steps[0].selector.xpath", 2, 45, "never closed"],
  [
    "steps:\n  - { action: click, selector: { primary: a, fallbacks: [b, 'text=/(/'] } }",
    "steps[0].selector.fallbacks[1]",
    2,
    67,
    "no regular expression",
  ],
  ["steps:\n  - { action: click, selector: { label: a, frame: 'iframe[' } }", "steps[0].selector.frame", 2, 58, "[ is never closed"],
  ["steps:\n  - { action: drag, selector: a, params: { to: { css: 'a,' } } }", "steps[0].params.to.css", 2, 58, "missing at its end"],
  ["steps:\n  - { if: { element_gone: 'a..b' }, then: [] }", "steps[0].if.element_gone", 2, 30, ". cannot stand there"],
  ["checks: [{ name: a, element_visible: ')' }]\nsteps: [{ action: extract }]", "checks[0].element_visible", 1, 39, ") cannot stand"],
  [
    "auth: { mode: none, success: { element_visible: ')' } }\nsteps: [{ action: extract }]",
    "auth.success.element_visible",
    1,
    50,
    ") cannot",
  ],
  ["parameters: [{ name: x }]\nsteps:\n  - { action: click, selector: 'a[id={x}' }", "steps[0].selector", 3, 32, "[ is never closed"],
  [
    "steps:\n  - action: evaluate\n    params:\n      script: |\n        const a = 1;\n\n        return a +* 2;\n",
    "steps[0].params.script",
    7,
    19,
    "Unexpected token '*'",
  ],
  ["steps:\n  - { action: evaluate, params: { script: 'a b' } }", "steps[0].params.script", 2, 46, "Unexpected identifier"],
  ["steps:\n  - { action: press, params: { key: 'Control+return' } }", "steps[0].params.key", 2, 46, "return is called Enter"],
  ["steps:\n  - { action: key_press, params: { text: a, key: 'F13' } }", "steps[0].params.key", 2, 51, "names no key: F13"],
  ["steps:\n  - { action: goto, params: { url: example.com } }", "steps[0].params.url", 2, 36, "must begin with http:// or https://"],
  ["steps:\n  - { action: goto, params: { url: 'javascript:x' } }", "steps[0].params.url", 2, 37, "must begin with http:// or https://"],
  ["steps:\n  - { action: goto, params: { url: 'http://' } }", "steps[0].params.url", 2, 37, "is no address of the web"],
  ["steps:\n  - { action: click, selector: null }", "steps[0].selector", 2, 32, "must be a text or a mapping"],
  ["steps:\n  - { <<: text, action: click }", "steps[0]", 2, 7, "merges (<<) what is no mapping"],
  ["x: &x 1\nsteps:\n  - { <<: [{ a: b }, *x], action: click }", "steps[0]", 3, 7, "merges (<<) what is no mapping"],
  ["steps: [{ action: extract }]\n~: y\n", "", 2, 1, "has a key that is empty"],
  ["steps:\n  - { description: &m 1, <<: *m, action: extract }", "steps[0]", 2, 26, "merges (<<) what is no mapping"],
  ["steps: [{ action: extract }]\n? [a]\n: y\n", "", 2, 3, "has a key that is no text"],
  ["steps: [{ action: extract }]\n7: y\n", "7", 2, 1, "is not known"],
  ["steps:\n  - { action: click, selector: 'role=buton[name=a]' }", "steps[0].selector", 2, 38, "did you mean button?"],
  ["steps:\n  - { action: click, selector: 'a >> nth=x' }", "steps[0].selector", 2, 42, "takes a whole number"],
  ["steps:\n  - { action: click, selector: { xpath: \"//a[ends-with(@b,'c')]\" } }", "steps[0].selector.xpath", 2, 46, "no ends-with()"],
  ["steps:\n  - { action: click, selector: '//a[contain(., 1)]' }", "steps[0].selector", 2, 37, "did you mean contains()?"],
  ["steps:\n  - { action: api_request, request: { url: /x } }", "steps[0].request.url", 2, 44, "must begin with http:// or https://"],
  ["start_url: file:///x\nsteps: [{ action: extract }]", "start_url", 1, 12, "must begin with http:// or https://"],
  ["parameters: [{ name: x }]\nsteps:\n  - { action: goto, params: { url: 'data:{x}' } }", "steps[0].params.url", 3, 37, "must begin"],
  ["steps:\n  - { action: click, selector: { role: btn } }", "steps[0].selector.role", 2, 40, "must be a role of ARIA"],
  ["steps:\n  - { action: evaluate, params: { script: 'if (a) {' } }", "steps[0].params.script", 2, 52, "a bracket is missing"],
  [
    'steps:\n  - action: execute_sequence\n    steps: [{ action: evaluate, params: { script: "\' \\x22" } }]',
    "steps[0].steps[0].params.script",
    3,
    51,
    "no JavaScript",
  ],
])("says what is wrong and where: %j", (text, field, line, column, message) => {
  expect(problemsOf(text)).toContainEqual({ field, line, column, message: expect.stringContaining(message) });
});

test.each([
  ["{ name: a, inject_into: steps.7.params.text }", "parameters[0].inject_into", "leads nowhere"],
  ["{ name: a, inject_into: steps.0.params.txt }", "steps[0].params.txt", "did you mean 'text'?"],
  ["{ name: a, type: int, default: x }", "parameters[0].default", "must be a whole number"],
  ["{ name: a, secret: true, default: x }", "parameters[0]", "must not have a default where it is a secret"],
])("checks parameters: %j", (parameter, field, message) => {
  const text = `parameters:\n  - ${parameter}\nsteps:\n  - { action: key_press, params: { text: x } }`;
  expect(problemsOf(text)[0]).toMatchObject({ field, message: expect.stringContaining(message) });
});

test("puts a parameter where it is injected", () => {
  const parsed = parsePlaybook(
    "parameters:\n  - { name: a, inject_into: steps.0.params.text }\nsteps:\n  - { action: key_press, params: {} }",
  );
  expect(parsed).toMatchObject({ playbook: { steps: [{ params: { text: "{a}" } }] } });
});

test.each([
  ["{ role: button, name: Save }", { by: "role", value: "button", name: "Save" }],
  ["{ primary: { label: User, exact: true } }", { by: "label", value: "User", exact: true }],
  ["{ css: input, within: { role: dialog }, frame: iframe }", { by: "css", within: { by: "role", value: "dialog" }, frame: ["iframe"] }],
])("reads a selector that says what an element is: %s", (selector, primary) => {
  expect(parsePlaybook(`steps:\n  - { action: click, selector: ${selector} }`)).toMatchObject({
    playbook: { steps: [{ selector: { primary } }] },
  });
});

test.each([
  ["{ rol: button }", "steps[0].selector.rol", "did you mean 'role'?"],
  ["{ role: button, css: a }", "steps[0].selector", "exactly one of"],
  ["7", "steps[0].selector", "must be a text or a mapping"],
  ["{ primary: a, fallbacks: [b, 7] }", "steps[0].selector.fallbacks[1]", "must be a text or a mapping"],
  ["{ css: 'a{x}', within: { label: b } }", "steps[0].selector.css", "nothing gives a value for {x}"],
  ["{ css: a, within: { label: '{x}' } }", "steps[0].selector.within.label", "nothing gives a value for {x}"],
  ["{ primary: a, fallbacks: ['{x}'] }", "steps[0].selector.fallbacks[0]", "nothing gives a value for {x}"],
  ["{ css: a, within: [] }", "steps[0].selector.within", "must be a text or a mapping"],
])("names the part of a selector that is wrong: %s", (selector, field, message) => {
  expect(problemsOf(`steps:\n  - { action: click, selector: ${selector} }`)[0]).toMatchObject({
    field,
    message: expect.stringContaining(message),
  });
});

test.each(["type", "text"])("takes %s as another word for key_press, in sequences too", (action) => {
  const step = `{ action: ${action}, selector: input, params: { text: x } }`;
  expect(parsePlaybook(`steps:\n  - ${step}\n  - { action: execute_sequence, steps: [${step}] }`)).toMatchObject({
    playbook: { steps: [{ action: "key_press" }, { steps: [{ action: "key_press" }] }] },
  });
});

test("takes a text that is nothing but a secret as the credential it is", () => {
  const parsed = parsePlaybook(`
parameters: [{ name: password, secret: true }, { name: user }]
steps:
  - { action: key_press, selector: a, params: { text: "{password}", key: Enter } }
  - if: { text_on_page: a }
    then: [{ action: execute_sequence, steps: [{ action: fill, selector: a, params: { text: "{password}" } }] }]
  - { action: fill, selector: a, params: { text: "{user}" } }
  - { action: fill, selector: a, params: { text: "x{password}" } }`);
  expect(parsed).toMatchObject({
    playbook: {
      steps: [
        { params: { credential_ref: "password", key: "Enter" } },
        // biome-ignore lint/suspicious/noThenProperty: a playbook's word, never awaited.
        { then: [{ steps: [{ params: { credential_ref: "password" } }] }] },
        { params: { text: "{user}" } },
        { params: { text: "x{password}" } },
      ],
    },
  });
  expect("playbook" in parsed && credentialNames(parsed.playbook)).toEqual(["password"]);
});

test("refuses a placeholder in a script, which is no template, unless its value is an argument", () => {
  const step = (args: string) =>
    `parameters: [{ name: x }]\nsteps:\n  - { action: evaluate, params: { script: "const {x} = args", ${args} } }`;
  expect(problemsOf(step(""))).toMatchObject([{ field: "steps[0].params.script", message: expect.stringContaining('args: { x: "{x}" }') }]);
  expect(problemsOf(step(`args: { x: "{x}" }`))).toEqual([]);
});

test("refuses __proto__ as a name", () => {
  expect(problemsOf("steps: [{ action: extract, store_as: __proto__ }]")).toMatchObject([{ field: "steps[0].store_as" }]);
});

test("knows a loop's value only within the loop", () => {
  expect(
    problemsOf(
      "steps:\n  - { for_each: id, in: [a], steps: [{ action: click, selector: '{id}' }] }\n  - { action: click, selector: '{id}' }",
    ),
  ).toMatchObject([{ field: "steps[1].selector", message: expect.stringContaining("nothing gives a value for {id}") }]);
});

test.each([
  ["{ text: 'Order {x}' }", true],
  ["{ role: link, name: '{x}' }", true],
  ["{ role: link, name: '{x}', exact: false }", false],
  ["{ text: Order }", false],
])("looks for a value that is equal, not for one that holds it, unless it says otherwise: %s", (selector, exact) => {
  const text = `parameters: [{ name: x }]\nsteps:\n  - { action: click, selector: ${selector} }`;
  expect(parsePlaybook(text)).toMatchObject({ playbook: { steps: [{ selector: { primary: { exact } } }] } });
});

test.each([
  ["selector", "a[data-id={x}]:nth-child({x}) >> nth={x}"],
  ["selector", "text=/a{{2}}/ >> text={x}"],
  ["selector", "role=button[name='{x}'][level={x}]"],
  ["selector", "tr:nth-child({x}) td.{y} >> nth={z} >> role={y}"],
  ["css", "#{x}.a{x}:text-is('{x}')"],
  ["css", "tr:has(#{x}):not(.{x}) > li:has(> {x}), :is({x}), a:nth-child(2n+{x})"],
  ["xpath", "//a[@id='{x}'][{x}]"],
  ["role", "button[{x}"],
  ["text", "a ["],
])("takes a %s wherever values stand in it: %s", (way, value) => {
  expect(
    problemsOf(`parameters: [{ name: x }, { name: y }, { name: z }]\nsteps: [{ action: click, selector: { ${way}: "${value}" } }]`),
  ).toEqual([]);
});

test("takes a brace for a key", () => {
  expect(problemsOf("steps: [{ action: press, params: { key: '{{' } }, { action: press, params: { key: 'Control+}}' } }]")).toEqual([]);
});

test.each(["http{s}://example.com/", "http://[{s}]/", "https://{s}.example/{s}", "{s}", " HTTP://example.com", "http://{s}"])(
  "takes an address that may be one of the web once its values stand in it: %s",
  (url) => {
    expect(problemsOf(`parameters: [{ name: s }]\nsteps: [{ action: goto, params: { url: "${url}" } }]`)).toEqual([]);
  },
);

test("says nothing of tags in a text that was found right before", () => {
  const text = "steps: [{ action: click, selector: !x a }]";
  expect(problemsOf(text)).toHaveLength(1);
  expect(parsePlaybook(text, { wasRight: true })).toHaveProperty("playbook");
});

test("takes an anchor that stands right before what merges it, also where its name was another's before", () => {
  const text = `steps:
  - { action: extract, description: &m text }
  - { action: api_request, request: { url: "http://a/", json: { a: &m { k: 1 }, <<: *m } } }
`;
  expect(parsePlaybook(text)).toMatchObject({ playbook: { steps: [{}, { request: { json: { a: { k: 1 }, k: 1 } } }] } });
});

test("takes mappings that are merged, as those brought from elsewhere may be", () => {
  const text = "steps:\n  - &first { action: click, selector: a, description: one }\n  - { <<: *first, selector: b }\n";
  expect(parsePlaybook(text)).toMatchObject({ playbook: { steps: [{ description: "one" }, { action: "click", description: "one" }] } });
  const wrong = "steps:\n  - &first { action: click, selectr: a }\n  - { <<: *first, selector: b }\n";
  expect(problemsOf(wrong).map(({ field, line }) => [field, line])).toEqual([
    ["steps[0].selector", 2],
    ["steps[0].selectr", 2],
    ["steps[1].selectr", 3],
  ]);
});

test("compiles a script as the page does, and runs none", () => {
  const script = "globalThis.ran = true; if (args.a) return await fetch(args.a); // done";
  expect(problemsOf(`steps: [{ action: evaluate, params: { script: "${script}", args: { a: b } } }]`)).toEqual([]);
  expect("ran" in globalThis).toBe(false);
});

test.each([
  ["{ timeout_ms: 1e99 }", "must be at most 60000, not 1e+99"],
  ["{ timeout_ms: 7 }", "must be at least 50, not 7"],
])("says a number that is out of its bounds, once: %s", (params, message) => {
  const found = problemsOf(`steps: [{ action: extract, params: ${params} }]`);
  expect(found.map((one) => one.message)).toEqual([message]);
});

test("tells what is wrong with the code of a step where another is no step at all", () => {
  expect(problemsOf("steps:\n  - { action: nope }\n  - { action: click, selector: 'a[' }").map(({ field, line }) => [field, line])).toEqual(
    [
      ["steps[0].action", 2],
      ["steps[1].selector", 3],
    ],
  );
});

test("tells all that is wrong at once", () => {
  expect(problemsOf("foo: 1\nsteps:\n  - { action: click }\n  - { action: nope }\n").map(({ field }) => field)).toEqual([
    "foo",
    "steps[0].selector",
    "steps[1].action",
  ]);
});

test("of a key that is given twice, tells what is wrong with the value that counts", () => {
  const text = "steps:\n  - action: click\n    selector: a\n    action: click\n    selector: 'b >'\n";
  expect(problemsOf(text).at(-1)).toEqual({
    field: "steps[0].selector",
    message: "is no selector: something is missing at its end",
    line: 5,
    column: 19,
  });
});

test("tells mistakes of different kinds at once", () => {
  const text = `id: !x a
start_url: ftp://example.com
auth: { mode: none, success: { element_visible: "a >" } }
parameters:
  - { name: a, inject_into: nowhere }
  - { name: b, type: int, default: x }
  - { name: c, typ: list }
checks: [{ name: x, element_visible: "b >" }]
steps:
  - { action: clik }
  - { action: click, selector: "c >" }
  - { action: click, action: extract }
`;
  expect(problemsOf(text).map(({ field, line }) => `${line} ${field}`)).toEqual([
    "1 ",
    "2 start_url",
    "3 auth.success.element_visible",
    "5 parameters[0].inject_into",
    "6 parameters[1].default",
    "7 parameters[2].typ",
    "8 checks[0].element_visible",
    "10 steps[0].action",
    "11 steps[1].selector",
    "12 steps[2].action",
  ]);
});

test("expects the id a playbook is stored under", () => {
  expect(problemsOf("id: other\nsteps:\n  - { action: extract }", "mine")).toMatchObject([{ field: "id", line: 1 }]);
  expect(problemsOf("id: mine\nsteps:\n  - { action: extract }", "mine")).toEqual([]);
});
