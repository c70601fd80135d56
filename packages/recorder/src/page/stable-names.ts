/** Tells ids and classes that a page keeps from those that it makes anew each time. Runs in pages, so it stands alone. */
export function createNameRules() {
  const generated = [
    /(?:^|[^a-z0-9])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![a-z0-9])/i,
    /^[0-9a-f]{8,}$/i,
    /[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}/i,
    /^(?:ember|react|vue|ng-|_|rc-|radix-|headlessui-|mui-|:r).*\d/i,
    /^:[a-z0-9]+:$/i,
    /^\d+$/,
    /\d{5,}/,
  ];
  const passing =
    /(?:^|[-_])(?:active|selected|hover|focus|focused|open|opened|show|shown|hide|visible|hidden|loading|disabled)(?:$|[-_])/i;

  const isMade = (name: string) => generated.some((pattern) => pattern.test(name));
  return {
    /** Whether an id is likely to be the same the next time. */
    isStableId: (id: string): boolean => id !== "" && id.length <= 80 && !/\s/.test(id) && !isMade(id),
    /** Whether a class says what an element is, not how it is just now. */
    isStableClass: (name: string): boolean =>
      name !== "" && name.length < 30 && !passing.test(name) && !isMade(name) && !/^(?:css|sc|jsx|jss)-?\w*\d/i.test(name),
  };
}

/** The rules for names. */
export type NameRules = ReturnType<typeof createNameRules>;
