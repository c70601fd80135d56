import { Fault } from "@clew/fault/fault";
import type { StepOf } from "@clew/playbook/playbook-schema";
import { publicAddress } from "../browser/address.ts";
import type { PrepareAction } from "./action.ts";
import { inBrowser } from "./in-browser.ts";
import { navigate } from "./navigate.ts";
import { timeouts } from "./timeouts.ts";

/** Opens an address and waits until its document is there. */
export const goto: PrepareAction<StepOf<"goto">> = async (step, context) => {
  const { active, checks, signal, redact } = context;
  const { url, timeout_ms: timeout = timeouts.navigation } = step.params;
  const wanted = publicAddress(redact(url));
  return async () => {
    await inBrowser("Opening a page", timeout, context, () => active.reopen());
    const page = await active.settled(signal);
    const response = await inBrowser(`Opening ${wanted}`, timeout, context, async (options) => {
      const go = () => navigate(page, options, () => page.goto(url, { waitUntil: "domcontentloaded", ...options }));
      const { navigations, dialogs } = active;
      const { answered } = dialogs;
      const going = go().catch((thrown: unknown) => {
        // The end of a navigation that was given up before may be taken for this one's, which has not even asked.
        if (!isAborted(thrown) || active.navigations !== navigations || dialogs.answered !== answered) throw thrown;
        return go();
      });
      return await going.catch(async (thrown: unknown) => {
        throw explained(thrown, wanted, isUnreached(thrown) ? await checks.whyUnreached(url) : undefined);
      });
    });
    const reached = publicAddress(redact(active.url));
    const status = response === null ? "" : ` (status ${response.status()})`;
    return {
      did: response?.request().redirectedFrom() ? `Opened ${wanted}, which led to ${reached}${status}` : `Opened ${reached}${status}`,
    };
  };
};

function isAborted(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.includes("net::ERR_ABORTED");
}

/** Whether a connection was not made that the browser knows no more of: it leaves that to the sandbox's way out. */
function isUnreached(thrown: unknown): boolean {
  return thrown instanceof Error && /net::ERR_(?:EMPTY_RESPONSE|TUNNEL_CONNECTION_FAILED)/.test(thrown.message);
}

/** Says what Playwright says of an address that cannot be opened, with the address, and why where that is known; all else is as it is. */
function explained(thrown: unknown, wanted: string, why?: string): unknown {
  const text = thrown instanceof Error ? thrown.message : "";
  const fault = (message: string) => new Fault("NAVIGATION_FAILED", { message, cause: thrown });
  if (text.includes("Download is starting")) return fault(`${wanted} is a file, not a page: use the action download.`);
  const net = /net::(ERR_[A-Z_]+)/.exec(text)?.[1];
  if (net === "ERR_ABORTED")
    return fault(`${wanted} was not opened: the page before it, or the server, did not let it (net::ERR_ABORTED).`);
  return net === undefined ? thrown : fault(`${wanted} could not be opened (${why ?? `net::${net}`}).`);
}
