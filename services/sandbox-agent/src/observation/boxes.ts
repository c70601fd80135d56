import type { Browser } from "playwright";
import { capture } from "../browser/capture.ts";

/** Where an element shows, in CSS pixels from the top left of what is pictured. */
export interface Box {
  readonly ref: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The roles of what is acted on. */
const interactive: ReadonlySet<string> = new Set([
  "button",
  "checkbox",
  "combobox",
  "link",
  "listbox",
  "menuitem",
  "menuitemcheckbox",
  "menuitemradio",
  "option",
  "radio",
  "searchbox",
  "slider",
  "spinbutton",
  "switch",
  "tab",
  "textbox",
  "treeitem",
]);

/** More boxes would hide the page. */
const mostBoxes = 300;

const origin = { x: 0, y: 0 };

/** Finds the boxes of what can be acted on, in all frames, in what Playwright's `ariaSnapshotJSON` answers with `boxes`. */
export function findBoxes(json: unknown): readonly Box[] {
  return [...boxesIn(json, origin)].slice(0, mostBoxes);
}

function* boxesIn(json: unknown, frame: { readonly x: number; readonly y: number }): Generator<Box> {
  for (const entry of Array.isArray(json) ? json : []) {
    if (typeof entry !== "object" || entry === null) continue;
    const { role, ref, cursor, box, children } = entry as Readonly<Record<string, unknown>>;
    const place = placeOf(box, frame);
    const isActedOn = (typeof role === "string" && interactive.has(role)) || cursor === "pointer";
    if (isActedOn && typeof ref === "string" && place !== undefined && place.width > 0 && place.height > 0) yield { ref, ...place };
    yield* boxesIn(children, role === "iframe" && place !== undefined ? place : frame);
  }
}

/** A frame's elements are placed in the frame. */
function placeOf(box: unknown, frame: { readonly x: number; readonly y: number }): Omit<Box, "ref"> | undefined {
  if (typeof box !== "object" || box === null) return undefined;
  const { x, y, width, height } = box as Readonly<Record<string, unknown>>;
  if (typeof x !== "number" || typeof y !== "number" || typeof width !== "number" || typeof height !== "number") return undefined;
  return { x: x + frame.x, y: y + frame.y, width, height };
}

/** Where boxes are drawn. */
export interface DrawOptions {
  /** Size of the picture, in CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly type: "png" | "jpeg";
  readonly quality?: number;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** Draws boxes with their refs over a picture: on a page of its own, so that the pictured one is not touched and cannot touch them. */
export async function drawBoxes(browser: Browser, picture: Buffer, boxes: readonly Box[], options: DrawOptions): Promise<Buffer> {
  const { width, height, ...shot } = options;
  await using context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: false });
  const page = await context.newPage();
  const image = `data:image/${shot.type};base64,${picture.toString("base64")}`;
  const drawn = boxes.map(({ ref, x, y, width: wide, height: high }) => {
    const place = `left:${x}px;top:${y}px;width:${wide}px;height:${high}px`;
    return `<div style="${place}"><b>${ref.replace(/\W/g, "")}</b></div>`;
  });
  await page.setContent(
    `<style>body{margin:0}img{position:absolute;width:${width}px;height:${height}px}div{position:absolute;box-sizing:border-box;border:2px solid #d6006e}
b{position:absolute;right:0;top:0;font:bold 11px sans-serif;color:#fff;background:#d6006e;padding:0 2px}</style><img src="${image}">${drawn.join("")}`,
    { timeout: shot.timeout, waitUntil: "load", signal: shot.signal },
  );
  return await capture(page, { ...shot, clip: { x: 0, y: 0, width, height } });
}
