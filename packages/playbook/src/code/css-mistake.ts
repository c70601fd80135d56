import type { CodeMistake } from "./code-mistake.ts";
import { misspeltPseudo } from "./pseudo-classes.ts";

/** Reads one kind of sign where the reader stands. */
const sign = (source: string) => new RegExp(source, "y");

// Each of these reads a text in one way only, so that none of them takes long over one that was made to.
const escaped = String.raw`\\(?:[0-9A-Fa-f]{1,6}[ \t]|[^\n\r\f]|$)`;
const nameSign = String.raw`(?:[\w\u0080-\uffff-]|${escaped})`;
const name = String.raw`(?:--|-?(?:[A-Za-z_\u0080-\uffff]|${escaped}))${nameSign}*`;
const string = String.raw`"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'`;
const space = String.raw`[ \t\n\r\f]`;

const blank = sign(`${space}+`);
const identifier = sign(name);
const quoted = sign(string);
const number = sign(String.raw`[+-]?\d+`);
const combinator = sign("[>+~]");
const attribute = sign(
  String.raw`\[${space}*(?:(?:${name}|\*)?\|)?${name}${space}*(?:[~|^$*]?=${space}*(?:${string}|${name})${space}*(?:[iIsS]${space}*)?)?\]`,
);
/** CSS Syntax, An+B; what may follow is not looked at. */
const nthArguments = /^\s*(?:odd|even|[+-]?\d*n(?:\s*[+-]\s*\d+)?|[+-]?\d+)(?:\s+of\s.*)?\s*$/is;
const oneText = new RegExp(`^${space}*(?:${string})${space}*$`);
/** What stands in brackets, however it is written. */
const bracketed = sign(String.raw`\[(?:${string}|\\[^]|[^\]"'\\])*\]`);
const plain = sign(String.raw`(?:\\[^]|[^"'\\()])+`);

/** Functions that take selectors; Playwright gives some of them texts and numbers too. */
const takeSelectors: ReadonlySet<string> = new Set(["is", "where", "not", "has", "light"]);

/** Playwright's that take one text, and nothing else. */
const takeText: ReadonlySet<string> = new Set(["text", "text-is", "has-text"]);

/** Words of jQuery, which are no CSS, and what to say instead. */
const jquery: ReadonlyMap<string, string> = new Map([
  ["contains", ':has-text("…")'],
  ["eq", ">> nth=0"],
  ["first", ">> nth=0"],
  ["last", ">> nth=-1"],
]);

class Mistake extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Says why neither Playwright nor a browser reads a text as CSS selectors; undefined where that is not sure. */
export function cssMistake(css: string): CodeMistake | undefined {
  // Few write comments, and the rules of them are many.
  if (css.includes("/*")) return undefined;
  try {
    new CssReader(css).readAll();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Mistake)) throw thrown;
    return { message: thrown.message, at: thrown.at };
  }
}

/** Goes through selectors, and throws a Mistake at the first sign that cannot stand where it stands. */
class CssReader {
  readonly #css: string;
  #at = 0;

  constructor(css: string) {
    this.#css = css;
  }

  readAll(): void {
    this.#readList();
    if (this.#at < this.#css.length) throw this.#unexpected();
  }

  #readList(isArguments = false): void {
    for (;;) {
      this.#take(blank);
      if (!isArguments || (this.#take(quoted) === undefined && this.#take(number) === undefined)) this.#readComplex();
      this.#take(blank);
      if (this.#next() !== ",") return;
      this.#at += 1;
    }
  }

  /** Elements with combinators between them; one may stand before the first. */
  #readComplex(): void {
    this.#take(combinator);
    this.#take(blank);
    for (;;) {
      this.#readCompound();
      this.#take(blank);
      if (this.#take(combinator) === undefined && (this.#next() === "" || this.#next() === "," || this.#next() === ")")) return;
      this.#take(blank);
    }
  }

  /** What is asked of one element. */
  #readCompound(): void {
    const begin = this.#at;
    if (this.#next() === "*") this.#at += 1;
    else this.#take(identifier);
    for (;;) {
      const { length } = this.#css;
      const from = this.#at;
      switch (this.#next()) {
        case "#":
        case ".":
          this.#at += 1;
          if (this.#take(identifier) === undefined)
            throw /\d/.test(this.#next())
              ? new Mistake(`is no selector: a name that begins with a digit needs another form, such as [id="1a"] or [class~="1a"]`, from)
              : this.#unexpected();
          break;
        case "[":
          this.#readAttribute();
          break;
        case ":":
          this.#readPseudo();
          break;
        default:
          if (from > begin && (from === length || /[ \t\n\r\f,)>+~]/.test(this.#next()))) return;
          throw this.#unexpected();
      }
    }
  }

  #readAttribute(): void {
    const from = this.#at;
    if (this.#take(attribute) !== undefined) return;
    const written = this.#take(bracketed);
    if (written === undefined) throw new Mistake("is no selector: its [ is never closed", from);
    const quote = /=\s*[^\s"'\]]/.test(written) ? "; put the value in quotes" : "";
    throw new Mistake(`is no selector: what stands in [ ] must be a name, or as name="value"${quote}`, from);
  }

  #readPseudo(): void {
    const from = this.#at;
    this.#at += 1;
    const pseudo = this.#take(identifier);
    if (pseudo === undefined)
      throw this.#next() === ":"
        ? new Mistake("is no selector: elements are looked for, not parts of them such as ::before", from)
        : this.#unexpected();
    const instead = jquery.get(pseudo);
    if (instead !== undefined) throw new Mistake(`is no selector: :${pseudo} is jQuery's; say ${instead}`, from);
    const meant = misspeltPseudo(pseudo);
    if (meant !== undefined) throw new Mistake(`is no selector: there is no :${pseudo}; did you mean :${meant}?`, from);
    if (this.#next() !== "(") return;
    const open = this.#at;
    this.#at += 1;
    if (takeSelectors.has(pseudo.toLowerCase())) this.#readList(true);
    else this.#skipArguments(open);
    if (this.#next() === "") throw new Mistake("is no selector: its ( is never closed", open);
    if (this.#next() !== ")") throw this.#unexpected();
    this.#at += 1;
    const given = this.#css.slice(open + 1, this.#at - 1);
    if (takeText.has(pseudo.toLowerCase()) && !oneText.test(given))
      throw new Mistake(`is no selector: the text must be in quotes: :${pseudo}("…")`, open + 1);
    if (/^nth-(?:last-)?(?:child|of-type)$/i.test(pseudo) && !nthArguments.test(given))
      throw new Mistake(`is no selector: :${pseudo} takes a number, odd, even, or as 2n+1`, open + 1);
    const message = pseudo === "text-matches" ? patternMistake(given) : undefined;
    if (message !== undefined) throw new Mistake(message, open + 1);
  }

  /** Goes to the bracket that closes, whatever stands before it. */
  #skipArguments(open: number): void {
    for (let depth = 0; ; ) {
      if (this.#take(quoted) !== undefined || this.#take(plain) !== undefined) continue;
      if (this.#next() === ")" && depth === 0) return;
      if (this.#next() === "(") depth += 1;
      else if (this.#next() === ")") depth -= 1;
      else if (this.#next() === "") throw new Mistake("is no selector: its ( is never closed", open);
      else throw new Mistake("is no selector: its quote is never closed", this.#at);
      this.#at += 1;
    }
  }

  #next(): string {
    return this.#css.charAt(this.#at);
  }

  /** Takes a sign, if it stands there. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#css)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #unexpected(): Mistake {
    if (this.#next() === "")
      return new Mistake(
        this.#css.trim() === "" ? "is no selector: it is empty" : "is no selector: something is missing at its end",
        this.#at,
      );
    return new Mistake(`is no selector: ${this.#next()} cannot stand there`, this.#at);
  }
}

/** What is wrong with the arguments of Playwright's `:text-matches`; undefined where they are not written in the plain way. */
function patternMistake(given: string): string | undefined {
  const [, double, single, flags] = /^\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*(?:,\s*["'](\w*)["']\s*)?$/.exec(given) ?? [];
  const pattern = double ?? single;
  return pattern === undefined ? undefined : regularExpressionMistake(pattern, flags);
}

/** What is wrong with a regular expression; undefined where nothing is. */
export function regularExpressionMistake(pattern: string, flags = ""): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (thrown) {
    const why = thrown instanceof Error ? /: ([^:]+)$/.exec(thrown.message)?.[1] : undefined;
    return `holds what is no regular expression${why === undefined ? "" : `: ${why}`}`;
  }
}
