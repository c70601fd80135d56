import type { StepOf } from "@clew/playbook/playbook-schema";
import type { PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

const notchPixels = 200;

/** How far, in pixels; endless for all the way. */
interface Distance {
  readonly x: number;
  readonly y: number;
}

/** Scrolls the page, what of it lies in its middle, or an element; an element scrolls into view where nothing else is said. */
export const scroll: PrepareAction<StepOf<"scroll">> = async (step, context) => {
  const { active, signal } = context;
  const { direction, amount = 1, to } = step.params;
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  return async () => {
    if (element !== undefined && direction === undefined && to === undefined && step.params.amount === undefined) {
      await inBrowser(`Scrolling to ${element.words}`, timeouts.action, context, (options) =>
        element.locator.scrollIntoViewIfNeeded(options),
      );
      return { did: `Scrolled ${element.words} into view` };
    }
    const what = element?.locator ?? (await active.settled(signal)).locator("html");
    const way = to === undefined ? (direction ?? "down") : `to the ${to}`;
    const words = element === undefined ? `Scrolled ${way}` : `Scrolled ${element.words} ${way}`;
    const distance = distanceOf(direction ?? "down", to, amount * notchPixels);
    const moved = await inBrowser("Scrolling", timeouts.action, context, (options) => what.evaluate(scrollBy, distance, options));
    return { did: moved ? words : `${words}: it was at its end already` };
  };
};

function distanceOf(direction: "up" | "down" | "left" | "right", to: "top" | "bottom" | undefined, pixels: number): Distance {
  // Beyond what any page has, and a number JSON can write.
  const all = 1e9;
  if (to !== undefined) return { x: 0, y: to === "top" ? -all : all };
  const sign = direction === "up" || direction === "left" ? -pixels : pixels;
  return direction === "up" || direction === "down" ? { x: 0, y: sign } : { x: sign, y: 0 };
}

/** Runs in the page: scrolls the nearest box that can move so, beginning at an element, or at what lies in the middle for the whole page. Answers whether it moved. */
function scrollBy(given: Element, { x, y }: Distance): boolean {
  const whole = document.scrollingElement ?? document.documentElement;
  const isPage = given === document.documentElement;
  function middle(): Element | null {
    let element = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    while (element?.shadowRoot) {
      const inner = element.shadowRoot.elementFromPoint(innerWidth / 2, innerHeight / 2);
      if (inner === null || inner === element) break;
      element = inner;
    }
    return element;
  }
  function parentOf(element: Element): Element | null {
    if (element.assignedSlot) return element.assignedSlot;
    const root = element.getRootNode();
    return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }
  function moves(box: Element): boolean {
    const before = [box.scrollLeft, box.scrollTop];
    box.scrollBy({ left: x, top: y, behavior: "instant" });
    return box.scrollLeft !== before[0] || box.scrollTop !== before[1];
  }
  for (let box = isPage ? middle() : given; box !== null; box = parentOf(box)) {
    const { overflowX, overflowY } = getComputedStyle(box);
    const canScroll = /auto|scroll|overlay/.test(y === 0 ? overflowX : overflowY);
    if ((canScroll || box === given) && moves(box)) return true;
  }
  return isPage && moves(whole);
}
