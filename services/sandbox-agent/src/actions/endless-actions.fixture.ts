import { type Site, startSite } from "../browser/site.fixture.ts";

/** An action that takes as long as it may: its page, and the step. */
export interface EndlessAction {
  readonly name: string;
  readonly html: string;
  readonly step: object;
  /** Whether the page answers nothing from then on. */
  readonly hangs?: true;
}

const timeout_ms = 60_000;

/** Starts a site that answers nothing at `/never`, and begins a file at `/file` that never ends. */
export function startEndlessSite(): Promise<Site> {
  return startSite({
    "/never": () => new Promise(() => {}),
    "/file": (_, response) => {
      response.writeHead(200, { "content-disposition": "attachment; filename=f.bin", "content-length": "1000" }).write("half");
      return undefined;
    },
  });
}

/** Every kind of waiting an action does. */
export function endlessActions(url: string): readonly EndlessAction[] {
  return [
    { name: "goto an address that does not answer", html: "", step: { action: "goto", params: { url: `${url}/never`, timeout_ms } } },
    {
      name: "click what is covered",
      html: `<button>Go</button><div style="position:fixed;inset:0"></div>`,
      step: { action: "click", selector: "button", params: { timeout_ms } },
    },
    { name: "look for what is not there", html: "<p>Nothing</p>", step: { action: "click", selector: "#none" } },
    { name: "wait for what is not there", html: "<p>Nothing</p>", step: { action: "wait_for", selector: "#none", params: { timeout_ms } } },
    {
      name: "type 16,000 characters",
      html: "<textarea autofocus></textarea>",
      step: { action: "key_press", params: { text: "typed ".repeat(2_600), timeout_ms } },
    },
    {
      name: "choose what a list does not have",
      html: "<select><option>One</select>",
      step: { action: "select", selector: "select", params: { value: "Two", timeout_ms } },
    },
    {
      name: "give files to what does not ask",
      html: "<button>Go</button>",
      step: { action: "upload", selector: "button", params: { files: ["a.txt"], timeout_ms } },
    },
    { name: "download what does not end", html: "", step: { action: "download", params: { url: `${url}/file`, timeout_ms } } },
    {
      name: "download what is not offered",
      html: "<button>Go</button>",
      step: { action: "download", selector: "button", params: { timeout_ms } },
    },
    {
      name: "type into a page that hangs with the first key",
      html: `<textarea autofocus onkeydown="for (;;);"></textarea>`,
      step: { action: "key_press", params: { text: "typed", timeout_ms } },
      hangs: true,
    },
    {
      name: "press a key on a page that hangs with it",
      html: `<textarea autofocus onkeydown="for (;;);"></textarea>`,
      step: { action: "press", params: { key: "a", timeout_ms } },
      hangs: true,
    },
    {
      name: "type a credential into a frame in an endless loop",
      html: `<iframe srcdoc="<script>Object.defineProperty(document, 'activeElement', { get() { for (;;); } })</script><input>"></iframe>
        <script>document.querySelector("iframe").focus()</script>`,
      step: { action: "key_press", params: { credential_ref: "password", timeout_ms } },
      hangs: true,
    },
    { name: "switch to a tab that does not come", html: "", step: { action: "switch_tab", params: { url_contains: "nowhere" } } },
  ];
}
