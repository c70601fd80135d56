/** A text as a reader takes it in, and where each of its characters stands in the text itself. */
export interface Skeleton {
  readonly text: string;
  /** For each UTF-16 unit of `text`, where what it came from begins. */
  readonly places: readonly number[];
  /** How many characters the text has that nobody sees. */
  readonly invisible: number;
}

/** Characters that show nothing: zero-width ones, those that turn the direction, variation selectors, and tags, which spell ASCII unseen. */
const invisible = /\p{Default_Ignorable_Code_Point}/gu;
const oneInvisible = new RegExp(invisible.source, "u");

/** Letters of other scripts, and brackets, that look like a Latin one: what compatibility forms leave. */
const lookalikes = new Map(
  Object.entries({
    a: "аɑα",
    b: "ЬвƅΒВ",
    c: "сϲς",
    d: "ԁɗ",
    e: "еєɛε℮",
    f: "ƒϝ",
    g: "ɡց",
    h: "һհΗН",
    i: "іıιɩӏ",
    j: "јϳ",
    k: "κкΚК",
    l: "ⅼǀӏ",
    m: "мΜМ",
    n: "пηո",
    o: "оοσ०օ",
    p: "рρ",
    q: "ԛզ",
    r: "гɾ",
    s: "ѕʂ",
    t: "тτΤТ",
    u: "υսʋ",
    v: "νѵ",
    w: "ԝѡωա",
    x: "хχ",
    y: "уүγ",
    z: "ᴢ",
    "[": "⟦【〔⦋❲⁅⌈⌊〖",
    "]": "⟧】〕⦌❳⁆⌉⌋〗",
    "<": "‹«〈⟨❮",
    ">": "›»〉⟩❯",
    "-": "‐‑‒–—−_",
    "/": "⁄∕⧸",
  }).flatMap(([plain, others]) => [...others].map((other): [string, string] => [other, plain])),
);

/** Reduces a text to what it looks like: lower case, without what nobody sees, accents, and letters that only look like others. */
export function skeletonOf(text: string): Skeleton {
  let plain = "";
  const places: number[] = [];
  let unseen = 0;
  let at = 0;
  for (const character of text) {
    const folded = oneInvisible.test(character) ? "" : fold(character);
    if (folded === "" && oneInvisible.test(character)) unseen++;
    plain += folded;
    for (let unit = 0; unit < folded.length; unit++) places.push(at);
    at += character.length;
  }
  return { text: plain, places, invisible: unseen };
}

/** Leaves out of a text what nobody sees of it. */
export function withoutInvisible(text: string): string {
  return text.replace(invisible, "");
}

function fold(character: string): string {
  if (character >= " " && character <= "~") return lookalikes.get(character) ?? character.toLowerCase();
  const compatible = character.normalize("NFKD").replace(/\p{M}/gu, "");
  return [...compatible].map((part) => lookalikes.get(part) ?? lookalikes.get(part.toLowerCase()) ?? part.toLowerCase()).join("");
}
