import type { Frame } from "playwright";

/** Answers the selectors that lead to a frame, the outermost first, as a selector's `frame` takes them; none for the main frame. Secrets and all. */
export async function framePath(frame: Frame): Promise<readonly string[]> {
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
  const isAlone = (selector: string) => root.querySelectorAll(selector).length === 1;
  const src = (element.getAttribute("src") ?? "").split(/[?#]/, 1)[0] ?? "";
  const given = [
    ...["name", "id", "title", "data-testid"].map((name) => [`[${name}=`, element.getAttribute(name) ?? ""] as const),
    ["[src^=", src] as const,
  ];
  for (const [start, value] of given) {
    const selector = `${tag}${start}"${CSS.escape(value)}"]`;
    if (value !== "" && isAlone(selector)) return selector;
  }
  return isAlone(tag) ? tag : `${tag} >> nth=${[...root.querySelectorAll(tag)].indexOf(element)}`;
}
