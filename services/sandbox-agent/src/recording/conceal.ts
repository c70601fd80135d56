import type { Locator, Page } from "playwright";

/** Has a field show dots for what is typed, as password fields do. To be called before a credential is typed there: videos and the trace's pictures show pixels. */
export async function conceal(field: Locator, timeoutMs: number): Promise<void> {
  await field.evaluate(showDots, undefined, { timeout: timeoutMs });
}

/** Does the same for whatever has the focus, in whichever frame or open shadow root. */
export async function concealFocused(page: Page): Promise<void> {
  await Promise.all(
    page.frames().map(async (frame) => {
      const focused = await frame.evaluateHandle(() => {
        let active = document.activeElement;
        while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
        return active;
      });
      await focused.asElement()?.evaluate(showDots);
      await focused.dispose();
    }),
  );
}

/** Runs in the page. */
function showDots(element: Element): void {
  const field = element instanceof HTMLLabelElement ? (element.control ?? element) : element;
  if (!(field instanceof HTMLElement) || field === document.body) return;
  field.style.setProperty("-webkit-text-security", "disc", "important");
}
