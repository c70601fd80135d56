import { randomUUID } from "node:crypto";
import type { BrowserContext, Page } from "playwright";
import { type Interaction, pageMessageSchema } from "../interaction.ts";
import { pageScript } from "../page/page-script.ts";
import { framePath } from "./frame-path.ts";
import { recordTab } from "./record-tab.ts";
import { Tabs } from "./tabs.ts";

/** The most interactions of one recording; what comes after is not recorded. */
const mostInteractions = 5_000;

/** What is recorded of a browser, as it happens. */
export interface ContextRecording {
  /** Resolves when the person ended it, or closed the last tab. */
  readonly ended: Promise<void>;
  /** Answers what was done so far, in order, and what of it could not be recorded. */
  finish(): Promise<{ readonly interactions: readonly Interaction[]; readonly warnings: readonly string[] }>;
}

/** Records what is done in a context's pages, present and to come, until it closes. */
export async function recordContext(
  context: BrowserContext,
  { trustsScripts }: { readonly trustsScripts: boolean },
): Promise<ContextRecording> {
  const entries: Promise<Interaction | undefined>[] = [];
  const warnings = new Set<string>();
  const end = Promise.withResolvers<void>();
  const tabs = new Tabs();
  const doneAt = new WeakMap<Page, number>();

  const loseOne = () =>
    void warnings.add("Something that was done in a frame is not recorded: the frame was gone before it could be named.");
  const add = (entry: Interaction | Promise<Interaction | undefined>) => {
    if (entries.length >= mostInteractions) warnings.add(`Only the first ${mostInteractions} things that were done are recorded.`);
    else entries.push(Promise.resolve(entry).catch(loseOne));
  };
  const use = (page: Page) => {
    const change = tabs.use(page);
    if (change !== undefined) add(change);
  };
  const track = (page: Page) => {
    tabs.open(page);
    page.once("close", () => {
      const isUnexplained = performance.now() - (doneAt.get(page) ?? 0) > 1_500;
      if (tabs.isCurrent(page) && tabs.count > 1 && isUnexplained) add({ kind: "close_tab" });
      tabs.close(page);
      if (tabs.count === 0) end.resolve();
    });
    recordTab(page, {
      add,
      isCurrent: () => tabs.isCurrent(page),
      sinceLastMs: () => performance.now() - (doneAt.get(page) ?? Number.NEGATIVE_INFINITY),
    });
  };

  context.on("page", track);
  context.once("close", () => end.resolve());
  // Playwright answers dialogs by itself unless somebody listens.
  context.on("dialog", () => {});
  const binding = `record_${randomUUID().replaceAll("-", "")}`;
  await context.exposeBinding(binding, ({ page, frame }, given: unknown) => {
    const message = pageMessageSchema.safeParse(given);
    if (!message.success) {
      warnings.add("Something that was done could not be recorded: it was too large, or not in the recorder's words.");
      return;
    }
    if (message.data.kind === "end") return end.resolve();
    use(page);
    if (message.data.kind === "shown") return;
    doneAt.set(page, performance.now());
    const interaction = message.data;
    add(
      frame === page.mainFrame()
        ? interaction
        : framePath(frame).then((path) =>
            interaction.target ? { ...interaction, target: { ...interaction.target, frame: path } } : interaction,
          ),
    );
  });
  await context.addInitScript({ content: pageScript({ binding, trustsScripts }) });
  for (const page of context.pages()) track(page);

  return {
    ended: end.promise,
    async finish() {
      const interactions = await Promise.all(entries);
      return { interactions: interactions.filter((entry) => entry !== undefined), warnings: [...warnings] };
    },
  };
}
