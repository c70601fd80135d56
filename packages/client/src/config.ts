/** What the environment says, where there is one: a browser has none. */
export function readEnvironment(): { readonly url: string | undefined; readonly key: string | undefined } {
  const env = globalThis.process?.env;
  return { url: env?.CLEW_URL || undefined, key: env?.CLEW_API_KEY || undefined };
}
