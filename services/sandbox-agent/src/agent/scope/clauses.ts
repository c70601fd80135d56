/** One thing that a directive says. */
export interface Clause {
  /** From its verb on, in lower case; what is quoted in it stands behind it. */
  readonly text: string;
  /** Whether it is only spoken of: `how to delete my account`, `whether it was refunded`. Nobody asks for that. */
  readonly isReported: boolean;
}

const politeness =
  /^(?:(?:please|then|also|now|next|first|finally|just|can you|could you|would you|you (?:should|must|may|need to)|i(?: would|'d)? (?:want|need|like)(?: you)?|let us|let's|go (?:ahead )?and|make sure|try|be sure|use it|do)\s+)+/;

/** What is not to be done, to the end of what is said of it. */
const negated =
  /\b(?:do not|don't|never|without|but not|not to|avoid|instead of|rather than|refrain from)\b(?! forget\b)(?:[^.;:,\n]|[.:](?=\S))*/gi;

/** What begins a clause that tells of something: all that follows is told of, to the next comma. */
const telling =
  /^(?:tell|explain|describe|summari[sz]e|show|report|answer|list|ask|say|what|which|who|whose|when|where|why|how|is|are|does|did|has|have|can|could)\b/;
const asking = /\b(?:how|whether|if|why|what|which|where|when|who)\b/;
/** What begins a clause that looks for something: what that is for is no order. */
const looking = /^(?:find|look|check|read|search|get|review|count|see|compare|research|learn|know)\b/;

const quote = /["“]([^"“”\n]*)["”]|(?<!\w)'([^'\n]*)'(?!\w)/g;
const pressing = /^(?:click|press|tap)\b/;

/** Leaves out of a directive what it says not to do. */
export function withoutNegated(directive: string): string {
  return directive.replace(/[’]/g, "'").replace(negated, " ");
}

/** What a directive says, clause by clause, without what is not to be done. What is quoted is a name of something, and asks for nothing, unless it is to be pressed. */
export function clausesOf(directive: string): readonly Clause[] {
  const quotes: string[] = [];
  const plain = directive
    .toLowerCase()
    .replace(/https?:\/\/\S+/g, " ")
    .replace(/[’]/g, "'")
    .replace(quote, (_, double: string | undefined, single: string | undefined) => ` #${quotes.push(double ?? single ?? "") - 1}# `);
  const said = withoutNegated(plain).split(/([.:](?=\s|$)|[;,!?\n()]|\b(?:and|then|to|before|after|until|by)\b)/);
  const clauses: Clause[] = [];
  let told: "no" | "here" | "on" = "no";
  let before = "";
  for (let at = 0; at < said.length; at += 2) {
    const separator = at === 0 ? "" : (said[at - 1] ?? "");
    if (separator === "then" || (separator !== "" && !/\w/.test(separator))) told = "no";
    else if (separator === "and" && told === "here") told = "no";
    else if (/^(?:before|until)$/.test(separator)) told = told === "on" ? "on" : "here";
    else if (separator === "to" && (telling.test(before) || asking.test(before))) told = "on";
    else if (separator === "to" && told === "no" && looking.test(before)) told = "here";
    const text = (said[at] ?? "").trim().replace(politeness, "");
    const named = [...text.matchAll(/#(\d+)#/g)].map(([, index]) => quotes[Number(index)] ?? "");
    const bare = text.replace(/#\d+#/g, " ").replace(/\s+/g, " ").trim();
    if (bare !== "" || named.length > 0)
      clauses.push({ text: [bare, ...named.map((name) => `"${name}"`)].join(" ").trim(), isReported: told !== "no" });
    if (told === "no" && pressing.test(bare)) clauses.push(...named.map((name) => ({ text: name.trim(), isReported: false })));
    if (/\b(?:how|whether|if|why)\b/.test(bare)) told = "on";
    before = bare;
  }
  return clauses;
}
