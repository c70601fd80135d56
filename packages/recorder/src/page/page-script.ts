import { createDescriber } from "./describe-element.ts";
import { type RecordPageOptions, recordPage } from "./record-page.ts";
import { createNameRules } from "./stable-names.ts";

/** Writes the script that records a page, as a browser takes it. */
export function pageScript(options: RecordPageOptions): string {
  return `(${recordPage})(${JSON.stringify(options)}, (${createDescriber})((${createNameRules})()));`;
}
