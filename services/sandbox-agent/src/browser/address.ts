/** An address as events may show it: without user, query and fragment. What is no URL is answered as it is, cut at its query. */
export function publicAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null || url.protocol === "about:") return address.split(/[?#]/, 1)[0] ?? "";
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  return url.protocol === "data:" || url.protocol === "blob:" ? url.protocol : url.href;
}
