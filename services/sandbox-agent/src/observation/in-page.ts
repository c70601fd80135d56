import type { nameElements, SeenElement } from "../actions/name-elements.ts";
import type { Captcha, lookForCaptcha } from "../captcha/look-for-captcha.ts";

/** What can be read of an element. */
export interface InPageReads {
  /** What a person would call it. */
  readonly seen: SeenElement;
  /** The same, and what a person would read on it, or on the button or link it is in: the first 200 characters. */
  readonly target: {
    readonly seen: SeenElement;
    readonly labels: readonly string[];
    /** Whether the page says that what is around it is about to be another. */
    readonly isBusy: boolean;
  };
  /** What touching an element may lead to: see `TargetFacts`. */
  readonly touch: {
    readonly labels: readonly string[];
    readonly around: string;
    readonly isInDialog: boolean;
    readonly row: string;
    readonly heading: string;
    readonly documentUrl: string;
    readonly leadsTo: string | null;
    readonly formAction: string | null;
    readonly asksOnly: boolean;
    readonly submits: boolean;
    readonly sends: readonly string[];
    readonly isField: boolean;
  };
  /** Long texts of a document that nobody sees though they are there: transparent, tiny, in the colour of what is behind them, or beside the page. */
  readonly unseen: readonly string[];
  /** The title of a document, and the challenge it shows; `unknown` while it is still coming. */
  readonly page: { readonly title: string; readonly captcha: Captcha | "none" | "unknown" };
  /** What the password fields of a document hold, in its open shadow roots too, and what their markup says. */
  readonly passwords: readonly string[];
  readonly text: string;
  /** Markup, without what password fields hold. */
  readonly html: string;
  /** The same of what shows only, without scripts and styles. */
  readonly shownHtml: string;
  readonly value: FieldValue;
  /** What a list offers; absent where the element is none, nor the label of one. */
  readonly options: OfferedOptions | null;
  /** Rows of the table that the element is, or the first one in it; absent where there is none. */
  readonly table: { readonly rows: readonly (readonly TableCell[])[]; readonly rowCount: number } | null;
}

/** What can be read of the document that elements are in, once for all of them. */
export interface InPageFacts {
  /** What its password fields hold, in its open shadow roots too, and what their markup says. */
  readonly passwords: readonly string[];
  /** The challenge it shows, where it is the page and no frame of one; `unknown` while it is still coming. */
  readonly captcha: Captcha | "none" | "unknown";
}

/** What a field holds: a text, the labels of the options chosen in a list of several, or whether a box is checked; null where the element is no field. */
export type FieldValue = string | boolean | readonly string[] | null;

/** What a list offers: values and labels as the page has them. */
export interface OfferedOptions {
  readonly isMultiple: boolean;
  readonly options: readonly { readonly value: string; readonly label: string; readonly isDisabled: boolean }[];
}

/** One cell of a table. */
export interface TableCell {
  readonly text: string;
  readonly isHeader: boolean;
  readonly columns: number;
  readonly rows: number;
}

/** The most characters and items to take. */
interface InPageLimits {
  readonly mostChars: number;
  readonly mostItems: number;
}

/** What to read of each element, and what the first line of the answer says of the document. Playwright reads a selector several times: it is brief. */
export function inPageQuery(reads: readonly (keyof InPageReads)[], facts: readonly (keyof InPageFacts)[]): string {
  return `${reads.join(",")};${facts.join(",")}`;
}

/** A selector engine as Playwright wants it. */
export interface SelectorEngine {
  queryAll(root: Node, query: string): Element[];
}

/**
 * Makes the reader. Its source runs in a world of its own within the page, where the page's scripts can override nothing; so it names nothing from
 * outside but what it is given. It answers through the text of an element that is in no document: one line of JSON for each element that is read within one query, after the line for the document.
 */
export function createInPageReader(nameAll: typeof nameElements, findCaptcha: typeof lookForCaptcha, limits: InPageLimits): SelectorEngine {
  const { mostChars, mostItems } = limits;
  const dialogs = "dialog, [role=dialog], [role=alertdialog]";
  let answer: { element: Element; items: number; chars: number } | undefined;

  const reads: { [R in keyof InPageReads]: (root: Element) => InPageReads[R] } = {
    seen,
    target: (root) => ({ seen: seen(root), labels: labelsOf(root), isBusy: isBusy(root) }),
    touch: (root) => {
      const target = targetOf(root);
      const link = root.closest<HTMLAnchorElement>("a[href], area[href]");
      const field = (root instanceof HTMLLabelElement ? root.control : root.closest("input, textarea, select, button")) ?? root;
      const isButton = field.matches("button, input[type=submit i], input[type=image i], input[type=button i], input[type=reset i]");
      const submits = field.matches("button:not([type=button i], [type=reset i]), input[type=submit i], input[type=image i]");
      const isEditable = root instanceof HTMLElement && root.isContentEditable;
      const form = (field instanceof HTMLButtonElement || field instanceof HTMLInputElement ? field.form : null) ?? field.closest("form");
      const method = (
        (submits ? field.getAttribute("formmethod") : null) ??
        (form === null ? null : attributeOf(form, "method")) ??
        "get"
      ).trim();
      const senders = "button:not([type=button i], [type=reset i]), input[type=submit i], input[type=image i]";
      const sender = form === null ? null : Element.prototype.querySelector.call(form, senders);
      const written = (submits ? field.getAttribute("formaction") : null) ?? (form === null ? null : attributeOf(form, "action"));
      return {
        labels: labelsOf(root),
        around: aroundOf(root),
        isInDialog: root.closest(dialogs) !== null,
        row: rowOf(root),
        heading: squeezed(`${document.title} ${document.querySelector("h1")?.textContent ?? ""}`),
        documentUrl: location.href,
        leadsTo: link === null ? null : (URL.parse(link.getAttribute("href") ?? "", target.baseURI)?.href ?? ""),
        formAction: form === null ? null : (URL.parse(written || location.href, field.baseURI)?.href ?? ""),
        asksOnly: form !== null && /^get$/i.test(method) && !field.matches("[type=password i], [type=file i]"),
        submits: submits && form !== null,
        sends: sender === null ? [] : labelsOf(sender),
        isField: isEditable || (!isButton && field.matches("input, textarea, select, [role=textbox], [role=searchbox], [role=combobox]")),
      };
    },
    unseen: (root) =>
      [...root.ownerDocument.querySelectorAll("body, body *")]
        .filter((element) => ownText(element).length >= 80 && element.checkVisibility() && isUnseen(element))
        .slice(0, mostItems)
        .map(ownText),
    page: () => ({ title: document.title, captcha: findCaptcha() }),
    passwords: (root) => {
      const fields = withShadows(root.ownerDocument)
        .flatMap((place) => [...place.querySelectorAll<HTMLInputElement>("input[type=password i]")])
        .slice(0, mostItems);
      return [...new Set(fields.flatMap((field) => [field.value, field.getAttribute("value") ?? ""]))].filter((value) => value !== "");
    },
    text: (root) => shownText(root).trim().slice(0, mostChars),
    html: (root) => maskedCopy(root, false).outerHTML.slice(0, mostChars),
    shownHtml: (root) => maskedCopy(root, true).outerHTML.slice(0, mostChars),
    value: (root) => fieldValue(fieldOf(root)),
    options: (root) => {
      const list = fieldOf(root);
      if (!(list instanceof HTMLSelectElement)) return null;
      const options = [...list.options].map((option) => ({
        value: option.value,
        label: option.label.replace(/\s+/g, " ").trim(),
        isDisabled: option.matches(":disabled"),
      }));
      return { isMultiple: list.multiple, options };
    },
    table: (root) => {
      const table = root.matches("table, [role=table], [role=grid], [role=treegrid]")
        ? root
        : root.querySelector("table, [role=table], [role=grid], [role=treegrid]");
      if (table === null) return null;
      const all = [...(table instanceof HTMLTableElement ? table.rows : table.querySelectorAll("[role=row]"))].filter(isShown);
      const rows: TableCell[][] = [];
      let chars = 0;
      for (const row of all) {
        const cells = [
          ...row.querySelectorAll(":scope > td, :scope > th, [role=cell], [role=gridcell], [role=columnheader], [role=rowheader]"),
        ];
        const read = cells.slice(0, mostItems).map(readCell);
        chars += read.reduce((sum, { text }) => sum + text.length, 0);
        if (chars > mostChars || rows.length === mostItems) break;
        rows.push(read);
      }
      return { rows, rowCount: all.length };
    },
  };

  const facts: { [F in keyof InPageFacts]: (root: Element) => InPageFacts[F] } = {
    passwords: reads.passwords,
    captcha: () => (window === window.top ? findCaptcha() : "none"),
  };

  /** The text that stands in an element itself. */
  function ownText(element: Element): string {
    if (element.matches("script, style, noscript, template, textarea")) return "";
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.textContent ?? "");
    return texts.join(" ").replace(/\s+/g, " ").trim();
  }

  function isUnseen(element: Element): boolean {
    if (!element.checkVisibility({ opacityProperty: true })) return true;
    const { fontSize, color, clipPath } = getComputedStyle(element);
    const { width, height, right, bottom } = element.getBoundingClientRect();
    const isAway = width <= 1 || height <= 1 || right + scrollX <= 0 || bottom + scrollY <= 0;
    return isAway || Number.parseFloat(fontSize) < 3 || /^inset\((?:50|100)%/.test(clipPath) || isClear(color) || color === behind(element);
  }

  /** Whether a colour cannot be seen. */
  function isClear(color: string): boolean {
    return /^rgba\(.*,\s*0(?:\.0\d*)?\)$/.test(color) || color === "transparent";
  }

  /** The colour behind an element; white where nothing has one, none where a picture is. */
  function behind(element: Element): string {
    for (let around: Element | null = element; around !== null; around = around.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(around);
      if (backgroundImage !== "none") return "";
      if (!isClear(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  }

  /** The button or link an element is in, or itself. */
  function targetOf(root: Element): Element {
    const roles = ["button", "link", "menuitem", "menuitemcheckbox", "menuitemradio", "option", "tab", "switch", "checkbox", "radio"];
    return root.closest(`button, a, input, summary, label, ${roles.map((role) => `[role=${role}]`).join()}`) ?? root;
  }

  /** What a person would read on an element, or on the button or link it is in: the first 200 characters. */
  function labelsOf(root: Element): readonly string[] {
    const target = targetOf(root);
    const isButton = target.matches("input[type=submit i], input[type=button i], input[type=image i], input[type=reset i]");
    const attributes = ["aria-label", "title", "alt"];
    const named = [...attributes, ...(isButton ? ["value"] : [])].map((name) => target.getAttribute(name) ?? "");
    const place = target.getRootNode();
    const ids = (target.getAttribute("aria-labelledby") ?? "").split(/\s+/).filter((id) => id !== "");
    const labelled =
      place instanceof Document || place instanceof ShadowRoot ? ids.map((id) => wordsIn(place.getElementById(id))).join(" ") : "";
    const within = [...target.querySelectorAll("[aria-label], [title], [alt]")]
      .slice(0, 50)
      .flatMap((part) => attributes.map((name) => part.getAttribute(name) ?? ""));
    return [...new Set([...named, labelled, wordsIn(target), ...within].map(squeezed))].filter((text) => text !== "");
  }

  function squeezed(text: string): string {
    return text.replace(/\s+/g, " ").trim().slice(0, 200);
  }

  /** The text of an element as it is put together: with what its shadow root shows, and what stands in its slots. */
  function wordsIn(node: Node | null): string {
    if (node === null) return "";
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? "";
    if (node instanceof Element && node.matches("script, style, noscript, template")) return "";
    const slotted = node instanceof HTMLSlotElement ? node.assignedNodes({ flatten: true }) : [];
    const parts =
      slotted.length > 0 ? slotted : [...(node instanceof Element ? (node.shadowRoot?.childNodes ?? []) : []), ...node.childNodes];
    return parts.map(wordsIn).join("");
  }

  /** What the row or list item an element is in says: the first 200 characters. */
  function rowOf(root: Element): string {
    const row = root.closest("tr, li, [role=row], [role=listitem], [role=article], article");
    return row === null ? "" : squeezed(shownText(row));
  }

  /** What the dialog an element is in says, or a form that says little: a text of at most 400 characters. */
  function aroundOf(root: Element): string {
    const dialog = root.closest(dialogs);
    const text = shownText(dialog ?? root.closest("form") ?? root)
      .replace(/\s+/g, " ")
      .trim();
    return dialog !== null || text.length <= 400 ? text.slice(0, 400) : "";
  }

  /** An attribute of a form, whose fields may be called like a method of it. */
  function attributeOf(form: Element, name: string): string | null {
    return Element.prototype.getAttribute.call(form, name);
  }

  /** Whether it stands in what is being loaded, or a sign of that shows in its parent or in the list, form or the like that it is in. */
  function isBusy(root: Element): boolean {
    const signs = "[role=progressbar]:not([aria-valuenow]), .loading, .loader, .spinner, .skeleton";
    if (root.closest(`[aria-busy=true], [data-loading=true], ${signs}`) !== null) return true;
    const parent = root.parentElement === root.ownerDocument.body ? null : root.parentElement;
    const box = root.closest(
      "section, article, form, table, ul, ol, dialog, [role=list], [role=grid], [role=table], [role=region], [role=dialog]",
    );
    const shows = (sign: Element) => sign.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    return [parent, box].some((around) => [...(around?.querySelectorAll(signs) ?? [])].some(shows));
  }

  function seen(root: Element): SeenElement {
    return nameAll([root])[0] ?? { role: root.localName, label: "", state: "" };
  }

  function readCell(cell: Element): TableCell {
    const text = shownText(cell).replace(/\s+/g, " ").trim();
    const isHeader = cell.tagName === "TH" || cell.matches("[role=columnheader], [role=rowheader]");
    const span = (name: string) => Math.min(1_000, Math.max(1, Number.parseInt(cell.getAttribute(name) ?? "1", 10) || 1));
    return { text, isHeader, columns: span("colspan"), rows: span("rowspan") };
  }

  function shownText(element: Element): string {
    return element instanceof HTMLElement ? element.innerText : (element.textContent ?? "");
  }

  function isShown(element: Element): boolean {
    return element.checkVisibility();
  }

  /** The field that a label is for, or the element itself. */
  function fieldOf(element: Element): Element {
    return element instanceof HTMLLabelElement ? (element.control ?? element) : element;
  }

  function fieldValue(element: Element): FieldValue {
    if (element instanceof HTMLInputElement) {
      if (element.type === "checkbox" || element.type === "radio") return element.checked;
      if (element.type === "password") return element.value === "" ? "" : "[redacted]";
      if (element.type === "file") return [...(element.files ?? [])].map(({ name }) => name);
      return element.value;
    }
    if (element instanceof HTMLSelectElement) {
      const chosen = [...element.selectedOptions].map(({ label }) => label.trim());
      return element.multiple ? chosen : (chosen[0] ?? "");
    }
    if (element instanceof HTMLTextAreaElement || element instanceof HTMLButtonElement || element instanceof HTMLOutputElement)
      return element.value;
    const checked = element.getAttribute("aria-checked");
    if (checked !== null) return checked === "true";
    if (element instanceof HTMLElement && element.isContentEditable) return element.innerText;
    return element.getAttribute("aria-valuetext") ?? element.getAttribute("aria-valuenow");
  }

  /** A copy in a document that loads and runs nothing, where it shows what a password field's markup gives away. */
  function maskedCopy(root: Element, onlyShown: boolean): Element {
    const copy = document.implementation.createHTMLDocument("").importNode(root, true);
    if (onlyShown) {
      const copies = [...copy.querySelectorAll("*")];
      const unseen = [...root.querySelectorAll("*")].map(
        (element) => !isShown(element) || element.matches("script, style, noscript, template"),
      );
      for (const [at, element] of copies.entries()) if (unseen[at]) element.remove();
    }
    const fields = [copy, ...copy.querySelectorAll("input")];
    for (const field of fields) if (field.matches("input[type=password i][value]")) field.setAttribute("value", "[redacted]");
    return copy;
  }

  function namesIn<T extends object>(table: T, list: string): (keyof T)[] {
    return list.split(",").filter((name): name is string & keyof T => Object.hasOwn(table, name));
  }

  function withShadows(document: Document): ParentNode[] {
    const places: ParentNode[] = [document];
    for (const place of places) {
      for (const element of place.querySelectorAll("*")) if (element.shadowRoot !== null) places.push(element.shadowRoot);
    }
    return places;
  }

  return {
    queryAll(root, text) {
      const [asked = "", askedOnce = ""] = text.split(";");
      const element = root instanceof Element ? root : (root.ownerDocument ?? document).documentElement;
      const isFirst = answer === undefined;
      if (answer === undefined) {
        answer = { element: document.createElement("p"), items: 0, chars: 0 };
        // A query is over when its task is.
        queueMicrotask(() => {
          answer = undefined;
        });
        answer.element.append(
          JSON.stringify(Object.fromEntries(namesIn(facts, askedOnce).map((fact) => [fact, facts[fact](element)]))),
          "\n",
        );
      }
      if (answer.items >= mostItems || answer.chars > mostChars) return [];
      const line = JSON.stringify(namesIn(reads, asked).map((read) => reads[read](element)));
      answer.items++;
      answer.chars += line.length;
      answer.element.append(line, "\n");
      return isFirst ? [answer.element] : [];
    },
  };
}
