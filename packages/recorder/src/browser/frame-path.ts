import type { Frame } from "playwright";

/** Answers the selectors that lead to a frame, the outermost first; none for a page itself. Rejects where the frame is gone. */
export async function framePath(frame: Frame): Promise<string[]> {
  const parent = frame.parentFrame();
  if (parent === null) return [];
  const element = await frame.frameElement();
  const selector = await element.evaluate(selectFrame);
  await element.dispose();
  return [...(await framePath(parent)), selector];
}

/** Runs in the page that holds the frame: the plainest selector that only this frame has. */
function selectFrame(element: Element): string {
  const tag = element.tagName.toLowerCase();
  const root = element.getRootNode() as Document | ShadowRoot;
  const given = ["name", "id", "title", "data-testid"].map((name) => [name, element.getAttribute(name) ?? ""] as const);
  for (const [name, value] of given) {
    const selector = `${tag}[${name}="${CSS.escape(value)}"]`;
    if (value !== "" && root.querySelectorAll(selector).length === 1) return selector;
  }
  const all = [...root.querySelectorAll(tag)];
  return all.length === 1 ? tag : `${tag} >> nth=${all.indexOf(element)}`;
}
