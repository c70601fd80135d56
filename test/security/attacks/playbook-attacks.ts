import type { Attack } from "./attack.ts";
import type { PageAim } from "./page-attacks.ts";

const step = (fields: object) => `  - ${JSON.stringify({ ...fields, on_failure: "abort" })}\n`;
const evaluate = (script: string, more: object = {}) => step({ action: "evaluate", params: { script }, ...more });
const goto = (url: string) => step({ action: "goto", params: { url } });

/** What a playbook's author tries: the text of a playbook, for a site that the run may reach. */
export interface PlaybookAttack extends Attack {
  readonly source: (aim: PageAim, siteUrl: string) => string;
}

const opens = (siteUrl: string, ...steps: readonly string[]) => `steps:\n${goto(`${siteUrl}/`)}${steps.join("")}`;
const upload = (file: string) => step({ action: "upload", selector: "#file", params: { files: [file] } });
const download = (params: object) => step({ action: "download", params });

const sources: Readonly<Record<string, PlaybookAttack["source"]>> = {
  // Read from a page: what stands in a playbook is refused before it begins.
  "opens a file": ({ file }, site) =>
    opens(
      site,
      evaluate(`return ${JSON.stringify(`file://${file}`)}`, { store_as: "found" }),
      goto("{found}"),
      step({ action: "extract" }),
    ),
  "opens what redirects to this machine": (_, site) => opens(site, goto(`${site}/chain`)),
  "requests what redirects to this machine": (_, site) =>
    opens(site, step({ action: "api_request", request: { url: `${site}/chain`, response: { mode: "text" } } })),
  "downloads what redirects to this machine": (_, site) => opens(site, download({ url: `${site}/chain` })),
  "names this machine in octal digits": ({ port }) => `steps:\n${goto(`http://0177.1:${port}/`)}`,
  "uploads a file by its path": ({ file }, site) => opens(site, upload(file)),
  "uploads a file by the way to it": ({ file }, site) => opens(site, upload(`../../../../../../../..${file}`)),
  "downloads to another folder": (_, site) => opens(site, download({ url: `${site}/`, name: "../../x" })),
  "keeps a picture in another folder": (_, site) => opens(site, step({ action: "screenshot", params: { name: "../../x" } })),
  "calls a file as a playbook": ({ file }) => `steps:\n  - { call: "../../../../../..${file}" }\n`,
};

/** All that a playbook tries: each is a run of its own, or none at all, since the first step that is held up ends it. */
export const playbookAttacks: readonly PlaybookAttack[] = Object.entries(sources).map(([name, source]) => ({
  name,
  process: "stops",
  source,
}));
