import { getDomain } from "tldts";

/**
 * Whether a page belongs to a site: both share the domain that somebody registered; hosts that have none, such as 127.0.0.1, are the same only with their
 * port. A page of a site that was named with https is not the same over http.
 */
export function isOfSameSite(page: URL, site: URL): boolean {
  if (page.protocol !== site.protocol && page.protocol !== "https:") return false;
  if (page.host === site.host) return true;
  const domain = domainOf(site);
  return domain !== null && domain === domainOf(page);
}

function domainOf({ hostname }: URL): string | null {
  // Names under `github.io` and the like are different people's.
  return getDomain(hostname, { allowPrivateDomains: true });
}
