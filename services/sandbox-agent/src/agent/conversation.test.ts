import { expect, test } from "vitest";
import { Conversation, conversationLimits } from "./conversation.ts";
import { textOf } from "./scripted-model.fixture.ts";

const call = (id: string, toolName: string, input: unknown) => ({
  type: "tool-call" as const,
  toolCallId: id,
  toolName,
  input: JSON.stringify(input),
});
const create = (progress = () => "1. Clicked a link") => new Conversation({ system: "Rules.", task: "The task: read.", progress });

test("only the last look at the page is told, and the task always", () => {
  const conversation = create();
  for (const at of [1, 2, 3]) {
    conversation.write(`look ${at}`);
    conversation.add([call(`c${at}`, "extract", {})], [{ id: `c${at}`, name: "extract", text: `text ${at}`, isError: false }]);
  }
  const told = textOf(conversation.write("look 4"));
  expect(told).toContain("The task: read.");
  expect(told).toContain("text 1");
  expect(told.match(/look \d/g)).toEqual(["look 4"]);
});

test("[weakness 41] a conversation has a bound, however long it goes on and whatever is said in it", () => {
  const conversation = create(() => "x".repeat(20_000));
  const long = "y".repeat(20_000);
  const sizes = Array.from({ length: 60 }, (_, at) => {
    const said = [
      { type: "text" as const, text: long },
      { type: "reasoning" as const, text: long },
      call(`c${at}`, "fill", { element: "e1", text: long }),
    ];
    conversation.add(said, [{ id: `c${at}`, name: "fill", text: long, isError: false }]);
    return textOf(conversation.write("z".repeat(16_000))).length;
  });
  // Numbers of calls and of what was left out grow by digits.
  expect(Math.max(...sizes.slice(20)) - Math.min(...sizes.slice(20))).toBeLessThan(100);
  expect(Math.max(...sizes)).toBeLessThan(150_000);
});

test("turns that are dropped are told in few words, and every call that is told has its result", () => {
  const conversation = create();
  for (let at = 0; at <= conversationLimits.turns; at++)
    conversation.add([call(`c${at}`, "click", { element: "e1" })], [{ id: `c${at}`, name: "click", text: "Clicked", isError: false }]);
  const prompt = conversation.write("look");
  expect(textOf(prompt)).toContain("What was done before:\\n1. Clicked a link");
  const idsOf = (type: string) =>
    prompt.flatMap(({ content }) =>
      typeof content === "string" ? [] : content.flatMap((part) => (part.type === type && "toolCallId" in part ? [part.toolCallId] : [])),
    );
  expect(idsOf("tool-result")).toEqual(idsOf("tool-call"));
  expect(idsOf("tool-call")).not.toContain("c0");
});

test("what a model thought is told again only where it goes on from there", () => {
  const conversation = create();
  for (const at of [1, 2])
    conversation.add(
      [{ type: "reasoning", text: `thought ${at}` }, call(`c${at}`, "click", {})],
      [{ id: `c${at}`, name: "click", text: "Clicked", isError: false }],
    );
  expect(textOf(conversation.write("look")).match(/thought \d/g)).toEqual(["thought 2"]);
});

test("what a model wrote that is no JSON is not sent back as it was", () => {
  const conversation = create();
  conversation.add([{ ...call("c1", "click", {}), input: "{not json" }], [{ id: "c1", name: "click", text: "Not done", isError: true }]);
  const [, , said] = conversation.write("look");
  expect(said).toMatchObject({ content: [{ type: "tool-call", input: {} }] });
});
