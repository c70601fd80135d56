import { expect, it } from "vitest";
import { readArguments } from "./read-arguments.ts";

const help = "npm start";

it("reads the options a command takes", () => {
  expect(readArguments(["--volume", "here"], help, ["volume"])).toEqual({ options: { volume: "here" } });
  expect(readArguments([], help)).toEqual({ options: {} });
});

it.each(["--help", "-h"])("answers %s with the help, and does not run", (asked) => {
  expect(readArguments([asked], help)).toEqual({ text: help, exitCode: 0 });
});

it.each(["--port=1", "--port", "here"])("refuses %s, which it does not take, by its name", (unknown) => {
  expect(readArguments([unknown], help, ["volume"])).toMatchObject({
    text: expect.stringContaining(unknown.split("=")[0] ?? ""),
    exitCode: 2,
  });
});
