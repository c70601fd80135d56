import { expect, test, vi } from "vitest";
import { Bell } from "./bell.ts";

test("looks within each ring until there is something", async () => {
  const bell = new Bell();
  const look = vi.fn<() => string | undefined>();
  const found = bell.until(look);
  expect(look).toHaveBeenCalledTimes(0);
  bell.ring();
  bell.ring();
  expect(look).toHaveBeenCalledTimes(2);
  look.mockReturnValue("it");
  bell.ring();
  expect(await found).toBe("it");
  bell.ring();
  expect(look).toHaveBeenCalledTimes(3);
});

test("looks at once where it rang before, and again where it rings within a look", async () => {
  const bell = new Bell();
  bell.ring();
  let looks = 0;
  const found = bell.until(() => {
    looks += 1;
    if (looks === 1) bell.ring();
    return looks === 2 ? looks : undefined;
  });
  expect(await found).toBe(2);
});

test("ends with what a look throws, and can be waited for again", async () => {
  const bell = new Bell();
  const found = bell.until(() => {
    throw new Error("gone");
  });
  bell.ring();
  await expect(found).rejects.toThrow("gone");
  const again = bell.wait();
  bell.ring();
  await again;
});
