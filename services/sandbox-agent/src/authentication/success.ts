import type { PlaybookLoginSuccess } from "@clew/playbook/schema/authentication";
import type { Page } from "playwright";
import { timeouts } from "../actions/timeouts.ts";
import { within } from "../actions/within.ts";
import type { ActivePage } from "../browser/active-page.ts";
import { untraced } from "../browser/untraced.ts";
import { findUnmet } from "../playbook/conditions.ts";

const passwordBox = "input[type=password]";
const captchaFrame = "iframe[src*='hcaptcha.com'][src*='challenge']";

const errorWords = /\b(?:invalid|incorrect|wrong (?:user|e-?mail|password|code|credentials)|try again)\b/gi;

/** Names what of the author's criteria does not hold now: nothing once the login worked. */
export async function lacksSuccess(active: ActivePage, success: PlaybookLoginSuccess, signal: AbortSignal): Promise<readonly string[]> {
  const { cookie_present: cookie, timeout_ms: _, ...condition } = success;
  const missing = await findUnmet(condition, active, signal);
  if (cookie === undefined || (await hasCookie(active, cookie, signal))) return missing;
  return [...missing, `there is no cookie '${cookie}'`];
}

/** Names what shows that nobody is logged in: a password box, a captcha, the address of a login. */
export async function signsOfLoggedOut(page: Page, signal: AbortSignal, loginUrl = ""): Promise<readonly string[]> {
  const signs: string[] = [];
  if (isLoginAddress(page.url(), loginUrl)) signs.push("the address is still that of a login");
  if (await showsPasswordBox(page, signal)) signs.push("a password box is shown");
  if (await isShown(page, captchaFrame, signal)) signs.push("a captcha is shown");
  return signs;
}

/** Whether a password is asked for. */
export async function showsPasswordBox(page: Page, signal: AbortSignal): Promise<boolean> {
  return await isShown(page, passwordBox, signal);
}

/** Finds the words of a page that say that a login failed, in lower case. */
export async function errorWordsOn(page: Page, signal: AbortSignal): Promise<readonly string[]> {
  const text = await page
    .locator("body")
    .innerText({ timeout: timeouts.action, signal })
    .catch(() => "");
  signal.throwIfAborted();
  return [...new Set([...text.matchAll(errorWords)].map(([words]) => words.toLowerCase()))];
}

/** Whether an address is another one's page, whatever it is asked for there. */
export function isAt(address: string, page: string): boolean {
  const [one, other] = [URL.parse(address), URL.parse(page)];
  return one !== null && other !== null && one.host === other.host && one.pathname === other.pathname;
}

/** Whether an address is that of a login: the playbook's, or by its words. */
export function isLoginAddress(address: string, loginUrl = ""): boolean {
  const url = URL.parse(address);
  if (url === null) return false;
  if (isAt(address, loginUrl) && url.hash === URL.parse(loginUrl)?.hash) return true;
  return url.hostname.startsWith("login.") || /\/(?:login|log-in|signin|sign-in)(?:[/.]|$)/i.test(url.pathname + url.hash);
}

async function isShown(page: Page, selector: string, signal: AbortSignal): Promise<boolean> {
  const shown = page.locator(selector).filter({ visible: true });
  const counting = untraced(page, () => shown.count());
  return (await within(counting, timeouts.action, signal)) > 0;
}

async function hasCookie(active: ActivePage, name: string, signal: AbortSignal): Promise<boolean> {
  const cookies = await within(active.context.cookies(), timeouts.action, signal);
  return cookies.some((cookie) => cookie.name === name && cookie.value !== "");
}
