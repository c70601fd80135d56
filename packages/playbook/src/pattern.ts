/** The most unbounded repetitions a pattern may have: with values of at most 256 characters, matching then stays cheap. */
const mostRepetitions = 3;

/**
 * Says why a pattern may not be used, or nothing when it may.
 *
 * Patterns come with playbooks from outside and are matched in the service's own thread, so those that could take exponential time are refused:
 * references, look-arounds, and repeated groups that hold a repetition or alternatives.
 */
export function patternProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern, "u");
  } catch {
    return "is not a regular expression";
  }
  const groups: { loose: boolean }[] = [];
  let repetitions = 0;
  let inClass = false;
  let last: { loose: boolean } | undefined;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at];
    if (char === "\\") {
      at++;
      if (!inClass && /[1-9k]/.test(pattern[at] ?? "")) return "must not refer back to a group";
      last = undefined;
    } else if (inClass) {
      if (char === "]") inClass = false;
    } else if (char === "[") {
      inClass = true;
      last = undefined;
    } else if (char === "(") {
      if (/^\(\?(?:[=!]|<[=!])/.test(pattern.slice(at, at + 4))) return "must not look ahead or behind";
      groups.push({ loose: false });
      last = undefined;
      const opening = /^\(\?(?::|<[^>]*>)/.exec(pattern.slice(at));
      if (opening !== null) at += opening[0].length - 1;
    } else if (char === ")") {
      last = groups.pop();
      if (last?.loose) for (const group of groups) group.loose = true;
    } else if (char === "|") {
      for (const group of groups) group.loose = true;
      last = undefined;
    } else if (char === "*" || char === "+" || char === "{") {
      const bounds = char === "{" ? /^\{(\d+)(,?)(\d*)\}/.exec(pattern.slice(at)) : undefined;
      if (bounds === null) return "has a { that is not a repetition";
      if (last?.loose) return "must not repeat a group that holds a repetition or alternatives";
      const unbounded = bounds === undefined || (bounds[2] === "," && bounds[3] === "");
      const varies = unbounded || (bounds[2] === "," && bounds[1] !== bounds[3]);
      if (unbounded && ++repetitions > mostRepetitions) return `must not have more than ${mostRepetitions} unbounded repetitions`;
      if (varies) for (const group of groups) group.loose = true;
      if (bounds) at += bounds[0].length - 1;
      last = undefined;
    } else {
      if (char === "?") for (const group of groups) group.loose = true;
      last = undefined;
    }
  }
  return undefined;
}

/** Whether the whole of `value` matches `pattern`, which `patternProblem` found fit. */
export function matchesPattern(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`, "u").test(value);
}
