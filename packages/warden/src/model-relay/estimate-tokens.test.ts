import { describe, expect, it } from "vitest";
import { estimateTokens } from "./estimate-tokens.ts";
import { withoutPictures } from "./pictures.ts";

const bytes = "A".repeat(400_000);
const source = { type: "base64", media_type: "image/png", data: bytes };
const said = (content: object) => ({ messages: [{ role: "user", content: [content] }] });
const estimate = (body: Readonly<Record<string, unknown>>) => estimateTokens(withoutPictures(body));

describe("about how many tokens a call sends", () => {
  it.each([
    ["a text", said({ type: "text", text: bytes })],
    ["a text that is like an address of data", said({ type: "text", text: `data:image/png;base64,${bytes}` })],
    ["what a tool was called with", said({ type: "tool_use", input: source })],
    ["what a tool answered", { contents: [{ parts: [{ functionResponse: { name: "look", response: source } }] }] }],
    ["a schema", { tools: [{ name: "look", input_schema: { default: source } }] }],
    ["a schema of the answer", { contents: [], generationConfig: { responseSchema: { default: source } } }],
    ["a document", said({ type: "document", source: { ...source, media_type: "application/pdf" } })],
    ["many ids", { input: `${"0b0f31c1-7c2b-4d5e-9f00-aa11bb22cc33 ".repeat(11_000)}` }],
  ])("counts the length of %s", (_, body) => {
    expect(estimate(body)).toBeGreaterThan(100_000);
  });

  it.each([
    ["Messages", said({ type: "image", source })],
    ["Responses", { input: [{ role: "user", content: [{ type: "input_image", image_url: `data:image/png;base64,${bytes}` }] }] }],
    ["Chat Completions", said({ type: "image_url", image_url: { url: `data:image/png;base64,${bytes}` } })],
    ["generateContent", { contents: [{ parts: [{ inlineData: { mimeType: "image/png", data: bytes } }] }] }],
  ])("counts a picture as one: %s", (_, body) => {
    expect(estimate(body)).toBeGreaterThan(1_600);
    expect(estimate(body)).toBeLessThan(1_700);
  });
});
