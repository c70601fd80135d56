import { waysOut } from "../ways-out.ts";
import type { Attack } from "./attack.ts";
import { type Aim, notations } from "./notations.ts";

/** What a page tries: a script that runs in it. */
export interface PageAttack extends Attack {
  /** The body of an async function; what it answers, if anything, are bytes it should not have. */
  readonly script: (aim: PageAim) => string;
  /** Whether it leads the page, or a new one, elsewhere: the run ends with it. */
  readonly leads?: boolean;
}

/** What a page aims at. */
export interface PageAim extends Aim {
  /** A file of the machine that no run is given. */
  readonly file: string;
}

const leading = ["a form", "a popup", "a download"];

const byNotation = Object.entries(notations).map(
  ([name, write]): PageAttack => ({
    name: `a request to ${name}`,
    process: "stops",
    script: (aim) => {
      const url = JSON.stringify(write(aim));
      return `new Image().src = ${url}; await fetch(${url}, { mode: "no-cors" });`;
    },
  }),
);

const byWay = Object.entries(waysOut).map(
  ([name, code]): PageAttack => ({
    name,
    process: "stops",
    leads: leading.includes(name),
    script: ({ port }) => code(`127.0.0.1:${port}`),
  }),
);

/** A frame's text, where the page may read it. */
const frameText = (url: string) =>
  `const frame = document.createElement("iframe"); frame.src = ${url}; document.body.append(frame);
   await new Promise((done) => { frame.onload = done; setTimeout(done, 1000); }); return frame.contentDocument?.body?.textContent;`;

const byScheme: Readonly<Record<string, (url: string) => string>> = {
  "file: by fetch": (url) => `return await (await fetch(${url})).text()`,
  "file: by XMLHttpRequest": (url) => `const x = new XMLHttpRequest(); x.open("GET", ${url}, false); x.send(); return x.responseText`,
  "file: in a frame": frameText,
  "file: as a picture": (url) =>
    `await new Promise((done, fail) => { const i = new Image(); i.onload = done; i.onerror = fail; i.src = ${url}; }); return "a picture"`,
  "file: as a script": (url) => `await import(${url}); return "a script"`,
  "file: in a worker": (url) =>
    `const w = new Worker(${url}); return await new Promise((done, fail) => { w.onmessage = done; w.onerror = fail; })`,
  "file: by the cache of requests": (url) =>
    `const c = await caches.open("x"); await c.add(${url}); return await (await c.match(${url})).text()`,
  "view-source: in a frame": (url) => frameText(`"view-source:" + ${url}`),
  "chrome: in a frame": () => frameText(`"chrome://version"`),
  "filesystem: in a frame": () => frameText(`"filesystem:" + location.origin + "/temporary/x"`),
  "a file chosen by a script": () => `const f = await showOpenFilePicker(); return await (await f[0].getFile()).text()`,
};

const reading = Object.entries(byScheme).map(
  ([name, code]): PageAttack => ({
    name,
    process: "stops",
    script: ({ file }) => code(JSON.stringify(`file://${file}`)),
  }),
);

/** All that a page tries. */
export const pageAttacks: readonly PageAttack[] = [...byNotation, ...byWay, ...reading];

/** A module that tries several at once, each for at most three seconds, and exports what each got. */
export function tryInPage(attacks: readonly PageAttack[], aim: PageAim): string {
  const tries = attacks.map(({ name, script }) => `[${JSON.stringify(name)}, async () => { ${script(aim)} }]`);
  return `const within = (tried) => Promise.race([tried().catch(() => undefined), new Promise((done) => setTimeout(done, 3000))]);
    export const got = Object.fromEntries(await Promise.all([${tries.join(",\n")}].map(async ([name, tried]) => [name, String((await within(tried)) ?? "").slice(0, 200)])));`;
}
