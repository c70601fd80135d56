import type { StepOf } from "@clew/playbook/playbook-schema";
import { Artifact_Kind } from "@clew/proto/grpc/clew/run/v1/run";
import { takePicture } from "../observation/picture.ts";
import type { ActionContext, PrepareAction } from "./action.ts";
import { findElement } from "./find-element.ts";
import { inBrowser } from "./in-browser.ts";
import { timeouts } from "./timeouts.ts";

/** Keeps a picture among the run's files: a JPEG of what the page shows; a PNG of an element, or of the whole page. */
export const screenshot: PrepareAction<StepOf<"screenshot">> = async (step, context) => {
  const { full_page: fullPage = false, boxes = false, name } = step.params;
  const element = step.selector === undefined ? undefined : await findElement(step.selector, context);
  const type = typeOf(name) ?? (fullPage || element !== undefined ? "png" : "jpeg");
  return async () => {
    const page = element?.page ?? (await context.active.settled(context.signal));
    const { bytes, width, height } = await inBrowser("Taking a picture", timeouts.screenshot, context, (options) =>
      takePicture(page, { ...options, element: element?.locator, fullPage, boxes, type, secrets: context.secrets.values }),
    );
    const file = { name: freeName(name, type, context), kind: Artifact_Kind.SCREENSHOT, contentType: `image/${type}` };
    const kept = await context.files.write(file, bytes);
    const what = element?.words ?? (fullPage ? "the whole page" : "the page");
    return { did: `Took a picture of ${what}, kept as '${kept}'`, found: kept, value: { name: kept, width, height } };
  };
};

function typeOf(name: string | undefined): "png" | "jpeg" | undefined {
  if (name === undefined) return undefined;
  if (/\.png$/i.test(name)) return "png";
  return /\.jpe?g$/i.test(name) ? "jpeg" : undefined;
}

/** A name that no file of the run has yet, with an ending that tells what it is. */
function freeName(wanted: string | undefined, type: "png" | "jpeg", { files }: ActionContext): string {
  const ending = type === "png" ? ".png" : ".jpg";
  const base = (wanted ?? "picture").replace(/\.(?:png|jpe?g)$/i, "");
  const taken = new Set(files.all.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${base}${ending}` : `${base}-${number}${ending}`;
    if (!taken.has(files.place(name).name)) return name;
  }
}
