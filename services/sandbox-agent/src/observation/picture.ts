import { Fault } from "@clew/fault/fault";
import type { Locator, Page } from "playwright";
import { capture } from "../browser/capture.ts";
import { untraced } from "../browser/untraced.ts";
import { covered } from "../recording/screenshot.ts";
import { type Box, drawBoxes, findBoxes } from "./boxes.ts";
import type { ReadOptions } from "./reader.ts";

/** Of what a picture is taken, and how. */
export interface PictureOptions extends ReadOptions {
  /** The only element in it; what the page shows right now unless given. */
  readonly element?: Locator | undefined;
  /** Whether all of the page is in it, down to where a picture ends. */
  readonly fullPage: boolean;
  /** Whether what can be acted on stands in a box with its ref. */
  readonly boxes: boolean;
  readonly type: "png" | "jpeg";
  /** Texts that no picture shows. */
  readonly secrets: readonly string[];
}

/** A picture, and its size in CSS pixels. */
export interface Picture {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

/** A part of a page, in CSS pixels from its top left. */
interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a picture ends: 1280 by 16,384 pixels and the like. */
const mostPixels = 21_000_000;
const mostSide = 16_384;
const quality = 55;

/** Takes a picture in which fields of type password are covered; where the run has secrets, all fields, and what shows one of them. */
export async function takePicture(page: Page, options: PictureOptions): Promise<Picture> {
  const { element, fullPage, boxes, type, secrets, timeout, signal } = options;
  if (element !== undefined) await untraced(page, () => element.scrollIntoViewIfNeeded({ timeout, signal }));
  const view = await viewOf(page);
  const readTree = () => (element ?? page).ariaSnapshotJSON({ mode: "ai", boxes: true, timeout, signal });
  const found = boxes ? findBoxes(await untraced(page, readTree)) : [];
  const clip = atMost(element === undefined ? (fullPage ? view.content : view.shown) : await placeOf(page, element, view, options));
  const bytes = await capture(page, {
    type,
    ...(type === "jpeg" && { quality }),
    fullPage: fullPage || element !== undefined,
    clip: fullPage || element !== undefined ? clip : { ...clip, x: 0, y: 0 },
    scale: "css",
    mask: [...page.frames().map((frame) => frame.locator("input[type=password i]")), ...covered(page, secrets)],
    maskColor: "#808080",
    timeout,
    signal,
  });
  const { width, height } = clip;
  const browser = page.context().browser();
  if (found.length === 0 || browser === null) return { bytes, width, height };
  const place = (box: Box) => ({ ...box, x: box.x + view.shown.x - clip.x, y: box.y + view.shown.y - clip.y });
  const drawing = { width, height, type, ...(type === "jpeg" && { quality }), timeout, signal };
  return { bytes: await drawBoxes(browser, bytes, found.map(place), drawing), width, height };
}

/** What a page shows of itself, and all there is, both from its top left. */
async function viewOf(page: Page): Promise<{ readonly shown: Clip; readonly content: Clip }> {
  const session = await untraced(page, () => page.context().newCDPSession(page));
  try {
    const { cssVisualViewport: shown, cssContentSize } = await untraced(page, () => session.send("Page.getLayoutMetrics"));
    return { shown: { x: shown.pageX, y: shown.pageY, width: shown.clientWidth, height: shown.clientHeight }, content: cssContentSize };
  } finally {
    session.detach().catch(() => {});
  }
}

async function placeOf(page: Page, element: Locator, { shown }: { readonly shown: Clip }, { timeout, signal }: ReadOptions): Promise<Clip> {
  const box = await untraced(page, () => element.boundingBox({ timeout, signal }));
  if (box === null || box.width < 1 || box.height < 1) {
    throw new Fault("ACTION_FAILED", { message: "The element has no size, so there is nothing to be seen." });
  }
  return { ...box, x: box.x + shown.x, y: box.y + shown.y };
}

/** Cuts what is too large for a picture, at its right and at its bottom. */
function atMost({ x, y, width, height }: Clip): Clip {
  const wide = Math.ceil(Math.min(Math.max(width, 1), mostSide));
  return { x, y, width: wide, height: Math.ceil(Math.min(Math.max(height, 1), mostSide, mostPixels / wide)) };
}
