const flatName = /^(?!\.)[A-Za-z0-9._-]{1,120}$/;

/** Whether a text may name a file that a sandbox is given or leaves: 1 to 120 letters, digits and `._-`, not hidden. Nothing else may become part of a path. */
export function isFlatName(text: string): boolean {
  return flatName.test(text);
}
