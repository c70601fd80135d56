const secretName =
  /(?:^|[._-])(?:pass(?:word|wd|code)?|pwd|secret|auth|session(?:_?id)?|sid|code|otp|sig|signature|key)(?:$|[._-])|password|token|api_?key/i;

/** Cuts out of an address what may be a secret: who logs in by it, and parts of its query that are called so. */
export function publicUrl(url: string, warn: (warning: string) => void): string {
  const address = URL.parse(url);
  if (address === null) return url;
  const before = address.href;
  address.username = "";
  address.password = "";
  for (const name of [...address.searchParams.keys()]) if (secretName.test(name)) address.searchParams.delete(name);
  if (address.href === before) return url;
  warn("What looked like a secret was cut out of an address.");
  return address.href;
}
