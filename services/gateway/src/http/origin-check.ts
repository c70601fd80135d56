/** Whether a page of this origin may call the gateway: one of our own pages, or of an origin the operator configured. Callers that are no pages send none. */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, corsOrigins: readonly string[]): boolean {
  if (origin === undefined) return true;
  return isOwnOrigin(origin, host) || corsOrigins.includes(origin);
}

/** Whether the origin is the one the request itself was sent to. The scheme may differ where TLS ends before us. */
export function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return origin === `http://${host}` || origin === `https://${host}`;
}
