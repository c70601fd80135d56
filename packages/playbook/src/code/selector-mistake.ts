import { nearestRole } from "../schema/role.ts";
import type { CodeMistake } from "./code-mistake.ts";
import { cssMistake, regularExpressionMistake } from "./css-mistake.ts";
import { xpathMistake } from "./xpath-mistake.ts";

/** One part of a selector of Playwright's language. */
interface Part {
  readonly engine: string;
  readonly body: string;
  /** Where the body begins in the selector. */
  readonly at: number;
}

const nameSign = String.raw`(?:[\w-]|[^\x00-\x7f])`;
const quoted = String.raw`(?:"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*')\s*[iIsS]?`;
const pattern = String.raw`/(?<source>(?:[^/\\[]|\\[^]|\[(?:[^\]\\]|\\[^])*\])*)/(?<flags>[a-z]*)`;
const bare = `(?:${nameSign}|[.+])*`;
const attribute = new RegExp(String.raw`\[\s*${nameSign}+\s*(?:[*^$|~]?=\s*(?:${quoted}|${pattern}|${bare})\s*)?\]\s*`, "y");
const roleName = new RegExp(String.raw`\s*${nameSign}+\s*`, "y");

/** The ways to look for an element that Playwright knows by name; what is its own (`internal:…`) is not looked at. */
const engines: ReadonlyMap<string, (body: string) => CodeMistake | undefined> = new Map([
  ["css", cssMistake],
  ["css:light", cssMistake],
  ["xpath", xpathMistake],
  ["xpath:light", xpathMistake],
  ["text", textMistake],
  ["text:light", textMistake],
  ["role", roleMistake],
  ...["id", "data-testid", "data-test-id", "data-test"].flatMap((name) => [name, `${name}:light`].map((engine) => [engine, none] as const)),
  ["nth", nthMistake],
  ...["visible", "_react", "_vue", "aria-ref", "aria-template"].map((engine) => [engine, none] as const),
]);

/** Says why Playwright cannot look for elements by a selector; undefined where that is not sure. */
export function selectorMistake(selector: string): CodeMistake | undefined {
  for (const { engine, body, at } of partsOf(selector)) {
    const lookAt = engines.get(engine);
    if (lookAt === undefined) {
      if (engine.startsWith("internal:")) continue;
      const message = `is no selector: nothing is found by ${engine}=; say css=, xpath=, text=, role= or id=, or as an attribute: [${engine}="…"]`;
      return { message, at: at - engine.length - 1 };
    }
    const mistake = lookAt(body);
    if (mistake !== undefined) return { ...mistake, at: at + mistake.at };
  }
  return undefined;
}

function none(): undefined {}

function nthMistake(body: string): CodeMistake | undefined {
  const isWhole = body.trim() !== "" && Number.isInteger(Number(body));
  return isWhole ? undefined : { message: "is no selector: nth= takes a whole number: 0 is the first, -1 the last", at: 0 };
}

function textMistake(body: string): CodeMistake | undefined {
  const end = body.lastIndexOf("/");
  if (!body.startsWith("/") || end === 0) return undefined;
  const message = regularExpressionMistake(body.slice(1, end), body.slice(end + 1));
  return message === undefined ? undefined : { message, at: 0 };
}

function roleMistake(body: string): CodeMistake | undefined {
  const say = (message: string, at: number) => ({ message, at });
  roleName.lastIndex = 0;
  const named = roleName.exec(body)?.[0] ?? "";
  const role = named.trim();
  let at = named.length;
  while (at > 0 && at < body.length) {
    attribute.lastIndex = at;
    const found = attribute.exec(body);
    if (found === null) break;
    const { source, flags } = found.groups ?? {};
    const message = source === undefined ? undefined : regularExpressionMistake(source, flags);
    if (message !== undefined) return say(message, at);
    at += found[0].length;
  }
  if (at === 0 || at < body.length) return say('is no selector: a role is written as role=button[name="Save"]', at);
  const meant = nearestRole(role);
  return meant === undefined ? undefined : say(`is no selector: there is no role ${role}; did you mean ${meant}?`, 0);
}

/** Cuts a selector at its `>>`, as Playwright does, and finds how each part is to be read. */
function partsOf(selector: string): readonly Part[] {
  const parts: Part[] = [];
  let begin = 0;
  let quote = "";
  const isText = (end: number) => /^\s*text\s*=./s.test(selector.slice(begin, end));
  for (let at = 0; at < selector.length; at++) {
    const char = selector.charAt(at);
    if (char === "\\") at += 1;
    else if (quote !== "") quote = char === quote ? "" : quote;
    else if (/["'`]/.test(char) && !isText(at)) quote = char;
    else if (char === ">" && selector.charAt(at + 1) === ">") {
      parts.push(partOf(selector, begin, at));
      at += 1;
      begin = at + 1;
    }
  }
  return [...parts, partOf(selector, begin, selector.length)];
}

function partOf(selector: string, begin: number, end: number): Part {
  const cut = selector.slice(begin, end);
  const text = cut.trim();
  const from = begin + cut.length - cut.trimStart().length;
  const named = /^([A-Za-z_0-9+:*-]+)\s*=/.exec(text);
  if (named !== null) return { engine: (named[1] ?? "").replace(/^\*/, ""), body: text.slice(named[0].length), at: from + named[0].length };
  const engine = /^(?:".*"|'.*')$/s.test(text) && text.length > 1 ? "text" : /^\(*\/\/|^\.\./.test(text) ? "xpath" : "css";
  return { engine, body: text, at: from };
}
