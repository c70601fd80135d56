/** Secrets, and how they stand in the name of a host, which browsers write in lower case. */
export function withHostSpellings(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets.flatMap((secret) => [secret, secret.toLowerCase()]))];
}
