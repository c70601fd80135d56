import { PageChanged } from "@clew/proto/grpc/clew/run/v1/run_event";
import { publicAddress } from "../browser/address.ts";
import { lookAtPage, type PageLook } from "../observation/look-at-page.ts";
import type { StepContext } from "./step-context.ts";

/** Where a page was before something was done to it. */
export interface Departure {
  readonly address: string;
  /** As the active page counts them. */
  readonly navigations: number;
}

/** Looks at the page once it has come to rest, and says `pageChanged` where its address is another. Answers what it saw where there was a navigation. */
export async function noteArrival(from: Departure, { active, report, redact, signal }: StepContext): Promise<PageLook | undefined> {
  const page = await active.settled(signal);
  const address = page.url();
  const hasNavigated = active.navigations !== from.navigations;
  if (address === from.address && !hasNavigated) return undefined;
  const look = await lookAtPage(page, signal);
  if (address !== from.address) {
    const url = publicAddress(redact(address));
    const title = redact(look.title);
    const value = PageChanged.fromPartial({
      url,
      title: title.slice(0, 300),
      ...(active.status !== undefined && { status: active.status }),
    });
    await report.say({
      summary: title === "" ? `The page is now ${url}` : `The page is now '${title}' (${url})`,
      payload: { $case: "pageChanged", value },
    });
  }
  return hasNavigated ? look : undefined;
}
