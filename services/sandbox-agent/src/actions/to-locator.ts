import type { Candidate } from "@clew/playbook/schema/candidate";
import type { FrameLocator, Locator, Page } from "playwright";

/** Where Playwright looks for elements. */
type Place = Page | FrameLocator | Locator;

type Role = Parameters<Page["getByRole"]>[0];

/** Makes of a candidate what Playwright finds elements by, hidden ones included. */
export function toLocator(page: Page, candidate: Candidate): Locator {
  const framed = candidate.frame.reduce<Page | FrameLocator>((place, selector) => place.frameLocator(selector), page);
  const found = find(candidate.within === undefined ? framed : within(framed, candidate.within), candidate);
  return candidate.has_text === undefined ? found : found.filter({ hasText: candidate.has_text });
}

/** A scope may be in frames of its own. */
function within(place: Page | FrameLocator, scope: Candidate): Locator {
  const framed = scope.frame.reduce<Page | FrameLocator>((outer, selector) => outer.frameLocator(selector), place);
  const found = find(scope.within === undefined ? framed : within(framed, scope.within), scope);
  return scope.has_text === undefined ? found : found.filter({ hasText: scope.has_text });
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
