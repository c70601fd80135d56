import type { RecordedCandidate } from "../interaction.ts";
import type { NameRules } from "./stable-names.ts";

/** How a page's element is found again. */
export interface DescribedElement {
  readonly label: string;
  /** Those that find this element alone, the best first. */
  readonly candidates: readonly RecordedCandidate[];
}

/**
 * Makes what describes elements. Runs in pages, so it stands alone. A candidate is kept only where the element is the only visible one it finds just
 * then, as Playwright looks: through open shadow roots, names and texts contained whatever their case unless `exact`.
 */
export function createDescriber({ isStableId, isStableClass }: NameRules) {
  const mostTextChars = 80;
  const mostLevels = 3;
  const testAttributes = ["data-test", "data-cy", "data-qa", "data-test-id", "data-testid"];
  const inputRoles: Record<string, string> = {
    text: "textbox",
    email: "textbox",
    tel: "textbox",
    url: "textbox",
    search: "searchbox",
    number: "spinbutton",
    range: "slider",
    checkbox: "checkbox",
    radio: "radio",
    submit: "button",
    button: "button",
    reset: "button",
    image: "button",
  };
  const tagRoles: Record<string, string> = {
    button: "button",
    textarea: "textbox",
    option: "option",
    img: "img",
    h1: "heading",
    h2: "heading",
    h3: "heading",
    h4: "heading",
  };
  const namedByContent =
    "button link heading option tab menuitem menuitemcheckbox menuitemradio checkbox radio switch treeitem cell gridcell row";

  const squeeze = (text: string) => text.replace(/\s+/g, " ").trim();
  const low = (text: string) => squeeze(text).toLowerCase();
  const quote = (text: string) => `"${CSS.escape(text)}"`;

  function roots(of: Document | ShadowRoot): (Document | ShadowRoot)[] {
    const inner = [...of.querySelectorAll("*")].flatMap((element) => (element.shadowRoot === null ? [] : roots(element.shadowRoot)));
    return [of, ...inner];
  }

  function all(selector: string): Element[] {
    return roots(document).flatMap((root) => [...root.querySelectorAll(selector)]);
  }

  function shows(element: Element): boolean {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true });
  }

  /** Fields for files are looked for even where they are hidden. */
  function counts(element: Element): boolean {
    return shows(element) || (element instanceof HTMLInputElement && element.type === "file");
  }

  function roleOf(element: Element): string | undefined {
    const own = (element.getAttribute("role") ?? "").trim().split(/\s+/)[0] ?? "";
    if (own !== "") return own === "none" || own === "presentation" ? undefined : own;
    if (element instanceof HTMLInputElement) {
      const role = inputRoles[element.type];
      return role !== undefined && element.list !== null && /textbox|searchbox/.test(role) ? "combobox" : role;
    }
    if (element instanceof HTMLSelectElement) return element.multiple || element.size > 1 ? "listbox" : "combobox";
    const tag = element.tagName.toLowerCase();
    if (tag === "a" || tag === "area") return element.hasAttribute("href") ? "link" : undefined;
    if (tag === "img" && element.getAttribute("alt") === "") return undefined;
    return tagRoles[tag];
  }

  /** What a screen reader says of what is within. */
  function contentOf(node: Node): string {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? "";
    if (!(node instanceof Element)) return "";
    if (/^(?:script|style|noscript|template)$/i.test(node.tagName)) return "";
    const style = getComputedStyle(node);
    if (style.display === "none" || style.visibility === "hidden" || node.getAttribute("aria-hidden") === "true") return "";
    const given = node.getAttribute("aria-label") ?? (node instanceof HTMLImageElement ? node.alt : "");
    const text = given.trim() === "" ? contentWithin(node) : given;
    return style.display.startsWith("inline") || style.display === "contents" ? text : ` ${text} `;
  }

  function contentWithin(element: Element): string {
    const slotted = element instanceof HTMLSlotElement ? element.assignedNodes() : [];
    const children = slotted.length > 0 ? slotted : [...(element.shadowRoot ?? element).childNodes];
    return children.map(contentOf).join("");
  }

  function labelsOf(element: Element): string[] {
    const by = (element.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter((id) => id !== "");
    const root = element.getRootNode() as Document | ShadowRoot;
    if (by.length > 0) return by.map((id) => squeeze(root.querySelector(`#${CSS.escape(id)}`)?.textContent ?? ""));
    const own = element.getAttribute("aria-label") ?? "";
    if (own.trim() !== "") return [squeeze(own)];
    const labels = "labels" in element ? (element.labels as NodeListOf<HTMLLabelElement> | null) : null;
    return [...(labels ?? [])].map(labelText);
  }

  /** A label's text without that of the fields within, such as the options of a list. */
  function labelText(label: HTMLLabelElement): string {
    const copy = label.cloneNode(true) as HTMLElement;
    for (const field of copy.querySelectorAll("select, textarea, script, style")) field.remove();
    return squeeze(copy.textContent ?? "");
  }

  function nameOf(element: Element, role: string): string {
    const labels = labelsOf(element).join(" ");
    if (labels !== "") return squeeze(labels);
    if (element instanceof HTMLInputElement && inputRoles[element.type] === "button")
      return squeeze(element.value || element.alt || (element.type === "submit" ? "Submit" : element.title));
    if (element instanceof HTMLImageElement && element.alt !== "") return squeeze(element.alt);
    const content = namedByContent.split(" ").includes(role) ? squeeze(contentWithin(element)) : "";
    return content || squeeze(element.getAttribute("title") ?? element.getAttribute("placeholder") ?? "");
  }

  /** Keeps a candidate that finds the element alone: whatever the case and the rest, or else where texts must be equal. */
  function byWords(
    element: Element,
    candidate: RecordedCandidate,
    words: string,
    others: Element[],
    wordsOf: (other: Element) => string[],
  ) {
    if (words === "" || words.length > mostTextChars) return [];
    const found = others.filter((other) => counts(other)).map((other) => ({ other, texts: wordsOf(other) }));
    const isAlone = (fits: (text: string) => boolean) => {
      const fitting = found.filter(({ texts }) => texts.some(fits));
      return fitting.length === 1 && fitting[0]?.other === element;
    };
    if (isAlone((text) => low(text).includes(low(words)))) return [candidate];
    return isAlone((text) => squeeze(text) === words) ? [{ ...candidate, exact: true }] : [];
  }

  function byRole(element: Element): RecordedCandidate[] {
    const role = roleOf(element);
    if (role === undefined) return [];
    const name = nameOf(element, role);
    const others = all("*").filter((other) => roleOf(other) === role && other.closest("[aria-hidden=true]") === null);
    return byWords(element, { role, name }, name, others, (other) => [nameOf(other, role)]);
  }

  function byLabel(element: Element): RecordedCandidate[] {
    const label = labelsOf(element)[0] ?? "";
    if (!isField(element)) return [];
    const others = all("input, select, textarea, button, meter, output, progress, [aria-label], [aria-labelledby]");
    return byWords(element, { label }, label, others, labelsOf);
  }

  /** Playwright takes the innermost elements that hold the text; one within the element is as good as itself. */
  function byText(element: Element): RecordedCandidate[] {
    const text = squeeze(element.textContent ?? "");
    if (isField(element) || text === "" || text.length > mostTextChars) return [];
    const holds = (other: Element) => low(other.textContent ?? "").includes(low(text));
    const found = all(":not(head, head *, html, body, script, style)").filter(
      (other) => holds(other) && ![...other.children].some(holds) && shows(other),
    );
    return found.length === 1 && found[0] !== undefined && element.contains(found[0]) ? [{ text }] : [];
  }

  function byCss(element: Element, css: string): RecordedCandidate[] {
    const found = all(css).filter(counts);
    return found.length === 1 && found[0] === element ? [{ css }] : [];
  }

  function byAttributes(element: Element): RecordedCandidate[] {
    const tag = element.tagName.toLowerCase();
    const value = (name: string) => element.getAttribute(name) ?? "";
    const testId = value("data-testid");
    const isTestIdAlone = testId !== "" && byCss(element, `[data-testid=${quote(testId)}]`).length > 0;
    const named = testAttributes.slice(0, -1).filter((name) => value(name) !== "");
    return [
      ...(isTestIdAlone ? [{ test_id: testId }] : []),
      ...named.flatMap((name) => byCss(element, `[${name}=${quote(value(name))}]`)),
      ...(isStableId(element.id) ? byCss(element, `#${CSS.escape(element.id)}`) : []),
      ...byWords(element, { placeholder: squeeze(value("placeholder")) }, squeeze(value("placeholder")), all("[placeholder]"), (other) => [
        other.getAttribute("placeholder") ?? "",
      ]),
      ...(isStableId(value("name")) ? byCss(element, `${tag}[name=${quote(value("name"))}]`) : []),
    ];
  }

  /** The shortest path, of as few levels as will do, that finds the element alone; at most `levels`. */
  function byPlace(element: Element, levels: number): RecordedCandidate[] {
    let path = "";
    let at: Element | null = element;
    for (let level = 0; at !== null && level < levels; level++, at = at.parentElement) {
      for (const step of stepsTo(at)) {
        // A tag alone would find the only one of any page.
        if (path === "" && /^[a-z0-9-]+$/i.test(step)) continue;
        const found = byCss(element, path === "" ? step : `${step} > ${path}`);
        if (found.length > 0) return found;
      }
      const last: string = stepsTo(at).at(-1) ?? "*";
      path = path === "" ? last : `${last} > ${path}`;
    }
    return [];
  }

  /** Ways to name one level, the plainest first, the last by its place among its siblings. */
  function stepsTo(element: Element): string[] {
    const tag = element.tagName.toLowerCase();
    const id = isStableId(element.id) ? [`#${CSS.escape(element.id)}`] : [];
    const classes = [...element.classList]
      .filter(isStableClass)
      .slice(0, 2)
      .map((name) => `.${CSS.escape(name)}`);
    const siblings = [...(element.parentElement ?? element.getRootNode()).childNodes].filter(
      (other): other is Element => other instanceof Element && other.tagName === element.tagName,
    );
    const nth = siblings.length > 1 ? [`${tag}:nth-of-type(${siblings.indexOf(element) + 1})`] : [tag];
    return [...id, ...(classes.length > 0 ? [`${tag}${classes.join("")}`] : []), tag, ...nth];
  }

  function isField(element: Element): boolean {
    const isTyped = element instanceof HTMLInputElement && inputRoles[element.type] !== "button";
    return isTyped || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
  }

  return (element: Element): DescribedElement => {
    const candidates = [...byRole(element), ...byLabel(element), ...byAttributes(element), ...byText(element)];
    const placed = byPlace(element, mostLevels);
    const found = [...candidates, ...placed.filter(({ css }) => !candidates.some((other) => other.css === css))].slice(0, 6);
    const role = roleOf(element);
    const label = labelsOf(element)[0] || (role === undefined ? "" : nameOf(element, role));
    const called = label || squeeze(element.getAttribute("placeholder") ?? element.getAttribute("name") ?? element.textContent ?? "");
    return { label: called.slice(0, mostTextChars), candidates: found.length > 0 ? found : byPlace(element, Number.POSITIVE_INFINITY) };
  };
}

/** Describes elements. */
export type Describe = ReturnType<typeof createDescriber>;
