import type { Candidate } from "@clew/playbook/schema/candidate";
import type { Frame, FrameLocator, Locator, Page } from "playwright";
import { holdingText } from "../observation/holds-text.ts";

/** Where Playwright looks for elements. */
type Place = Page | Frame | FrameLocator | Locator;

type Role = Parameters<Page["getByRole"]>[0];

/** Makes of a candidate what Playwright finds elements by, hidden ones included. Its scope may be in frames of its own. */
export function toLocator(outer: Page | Frame | FrameLocator, candidate: Candidate): Locator {
  const framed = candidate.frame.reduce((place, selector) => place.frameLocator(selector), outer);
  const found = find(candidate.within === undefined ? framed : toLocator(framed, candidate.within), candidate);
  const { has_text: text, whole_words: isWhole } = candidate;
  return text === undefined ? found : found.locator(holdingText(text, isWhole));
}

function find(place: Place, { by, value, name, exact }: Candidate): Locator {
  switch (by) {
    case "selector":
      return place.locator(value);
    case "css":
      return place.locator(`css=${value}`);
    case "xpath":
      return place.locator(`xpath=${value}`);
    case "role":
      return place.getByRole(value as Role, { exact, ...(name !== undefined && { name }) });
    case "label":
      return place.getByLabel(value, { exact });
    case "placeholder":
      return place.getByPlaceholder(value, { exact });
    case "test_id":
      return place.getByTestId(value);
    case "text":
      return place.getByText(value, { exact });
    case "alt_text":
      return place.getByAltText(value, { exact });
    case "title":
      return place.getByTitle(value, { exact });
  }
}
