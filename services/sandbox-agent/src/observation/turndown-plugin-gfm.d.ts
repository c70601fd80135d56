declare module "@joplin/turndown-plugin-gfm" {
  import type { Plugin } from "turndown";
  /** Tables, struck-out text, task lists and highlighted code. */
  export const gfm: Plugin;
}
