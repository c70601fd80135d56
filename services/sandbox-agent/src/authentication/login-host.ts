import { matchesDomain } from "@clew/egress/domain-glob";
import { Fault } from "@clew/fault/fault";
import { isOfSameSite } from "../guardrails/same-site.ts";
import type { LoginContext } from "./login-context.ts";

/**
 * Sees to it that credentials are entered only where the playbook logs in: on a host of the same site as `loginUrl`, or one that is an allowed domain.
 *
 * @throws Fault AUTHENTICATION_FAILED, naming the host where the page is instead.
 */
export function demandLoginHost(loginUrl: string, { active, checks }: Pick<LoginContext, "active" | "checks">): void {
  const [page, login] = [URL.parse(active.url), URL.parse(loginUrl)];
  if (login === null || (page !== null && isOfSameSite(page, login))) return;
  const { allowedDomains } = checks.guard.settings;
  if (page !== null && matchesDomain(page.hostname, allowedDomains)) return;
  const where = page === null || page.host === "" ? "no site" : page.host;
  const message = `The login at ${login.host} led to ${where}, where no credential is entered; name both in guardrails.allowed_domains if it is meant.`;
  throw new Fault("AUTHENTICATION_FAILED", { message, details: { host: where } });
}
