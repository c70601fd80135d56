import type { Arrival } from "../interaction.ts";
import { createNameRules } from "../page/stable-names.ts";
import { hasValue, type TypedValues } from "./typed-values.ts";

const { isStableId } = createNameRules();
const mostHeadingChars = 80;

/** Says what shows that a page was reached: its path as far as it is the same each time, or its heading; undefined where neither tells it from the one before. */
export function writeVerification(
  from: string,
  { url, heading }: Arrival,
  values: TypedValues,
): Readonly<Record<string, string>> | undefined {
  const path = pathTemplate(url, values);
  if (path.length > 1 && !isIn(from, path, url)) return { expect_url_contains: path };
  const asked = queryTemplate(url, values);
  if (asked !== undefined && !from.includes(asked.plain)) return { expect_url_contains: asked.template };
  if (heading === "" || heading.length > mostHeadingChars) return undefined;
  const template = values.template(heading);
  return hasValue(template) || !/\d/.test(heading) ? { expect_text_on_page: template } : undefined;
}

/** Whether the address before held the path as well, so that it shows nothing. */
function isIn(from: string, template: string, url: string): boolean {
  const { pathname, origin } = new URL(url);
  if (!hasValue(template)) return from.includes(template);
  return from.startsWith(`${origin}${pathname}`);
}

function pathTemplate(url: string, values: TypedValues): string {
  const address = parse(url);
  if (address === undefined) return "";
  let path = "";
  for (const segment of address.pathname.split("/").slice(1)) {
    const template = values.template(decode(segment));
    if (hasValue(template)) {
      path += `/${template}`;
    } else if (segment === "" || (isStableId(segment) && !/\d{3,}/.test(segment) && segment === encodeURIComponent(decode(segment)))) {
      path += `/${segment}`;
    } else {
      return `${path}/`;
    }
  }
  return path;
}

/** The first part of the query that is a value of digits: other texts have more than one spelling there. */
function queryTemplate(url: string, values: TypedValues): { readonly template: string; readonly plain: string } | undefined {
  for (const [name, value] of parse(url)?.searchParams ?? []) {
    const template = values.template(value);
    if (/^\d+$/.test(value) && hasValue(template) && /^\w+$/.test(name))
      return { template: `${name}=${template}`, plain: `${name}=${value}` };
  }
  return undefined;
}

function parse(url: string): URL | undefined {
  const address = URL.parse(url);
  return address !== null && /^https?:$/.test(address.protocol) ? address : undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
