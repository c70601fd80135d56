const mostChars = 2_048;

/** What is wrong with the address of an upstream proxy; undefined where nothing is. */
export function proxyProblem(text: string): string | undefined {
  if (text.length > mostChars) return `must have at most ${mostChars} characters`;
  const url = URL.parse(text);
  const isPlain = url !== null && url.hostname !== "" && url.pathname === "/" && url.search === "" && url.hash === "";
  if (!isPlain || (url.protocol !== "http:" && url.protocol !== "https:") || !isDecodable(`${url.username}${url.password}`))
    return "must be http://user:password@host:port, or https:, with what is special in the password percent-encoded";
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
