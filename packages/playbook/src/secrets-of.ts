/** Where a run's secrets stand in what was asked for. */
interface WithSecrets {
  readonly credentials: Readonly<Record<string, string>>;
  readonly browser?: { readonly extraHttpHeaders: Readonly<Record<string, string>> } | undefined;
  readonly proxy?: string | undefined;
}

/** All secrets of a RunSpec: the values of its credentials and extra headers, and its proxy's password. */
export function secretsOf({ credentials, browser, proxy }: WithSecrets): string[] {
  const values = [...Object.values(credentials), ...Object.values(browser?.extraHttpHeaders ?? {})];
  // As it stands in the address, and as it is sent.
  const password = proxy?.match(/:([^:/][^/]*)@/)?.[1];
  if (password !== undefined) values.push(password, percentDecoded(password));
  // `Bearer x`, `Basic x`: what follows the scheme is a secret by itself.
  for (const value of Object.values(browser?.extraHttpHeaders ?? {})) values.push(value.trim().replace(/^[A-Za-z]+ +/, ""));
  return [...new Set(values)].filter((value) => value !== "");
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
