import type { Target } from "../interaction.ts";
import type { Describe } from "./describe-element.ts";

/** What the recorder of a page is told. */
export interface RecordPageOptions {
  /** The name of the function that takes what is recorded. It goes before the page's own scripts come. */
  readonly binding: string;
  /** Whether what a script sets counts as done by a person. */
  readonly trustsScripts: boolean;
}

/** Runs in every document before its own scripts, and alone: says what a person does there. What a secret field holds never leaves the page. */
export function recordPage({ binding, trustsScripts }: RecordPageOptions, describe: Describe): void {
  const tell: unknown = Reflect.get(globalThis, binding);
  if (typeof tell !== "function") return;
  Reflect.deleteProperty(globalThis, binding);

  const clickable =
    "button, a[href], area[href], input, select, textarea, summary, option, label, [contenteditable=''], [contenteditable=true], [onclick], [role=button], " +
    "[role=link], [role=menuitem], [role=menuitemcheckbox], [role=menuitemradio], [role=tab], [role=option], [role=checkbox], [role=radio], [role=switch], [role=treeitem]";
  const notTyped = ["checkbox", "radio", "file", "submit", "button", "reset", "image", "hidden"];
  const secretUses = /(?:current-password|new-password|one-time-code|cc-number|cc-csc)/;
  const mostText = 16 * 1024;
  const documentId = Math.random().toString(36).slice(2);
  const numbers = new WeakMap<Element, number>();
  const targets = new WeakMap<Element, Target>();
  const secretFields = new Set<HTMLInputElement>();
  let elements = 0;
  /** The form that Enter was just pressed in: its button is clicked by the browser, not by the person. */
  let entered: HTMLFormElement | null = null;

  /** What opens something while the mouse is over it, and was not clicked since. */
  let hovered: Element | null = null;

  const isCounted = (event: Event) => event.isTrusted || trustsScripts;
  const say = (message: unknown) => void Promise.resolve(tell(message)).catch(() => {});

  function isSecret(field: Element): boolean {
    if (!(field instanceof HTMLInputElement)) return false;
    if (field.type === "password" || secretUses.test(field.autocomplete)) secretFields.add(field);
    return secretFields.has(field);
  }

  /** Whether a text shows a secret that this document holds. */
  function showsSecret(text: string): boolean {
    return [...secretFields].some(({ value }) => value !== "" && (text === value || (value.length >= 4 && text.includes(value))));
  }

  function targetOf(element: Element): Target {
    const number = numbers.get(element) ?? ++elements;
    numbers.set(element, number);
    const { label, candidates } = describe(element);
    const shown = candidates.filter((candidate) => !showsSecret(Object.values(candidate).join("\n")));
    return { element: `${documentId}:${number}`, label: showsSecret(label) ? "" : label, candidates: shown, frame: [] };
  }

  /** Typing describes its field once, as it was when it began. */
  function fieldTarget(field: Element): Target {
    const target = targets.get(field) ?? targetOf(field);
    targets.set(field, target);
    return target;
  }

  const innermost = (event: Event): Element | undefined => {
    const [first] = event.composedPath();
    return first instanceof Element ? first : undefined;
  };

  function closest(element: Element, selector: string): Element | null {
    const found = element.closest(selector);
    if (found !== null) return found;
    const root = element.getRootNode();
    return root instanceof ShadowRoot ? closest(root.host, selector) : null;
  }

  function shows(element: Element): boolean {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  const isBox = (element: Element): element is HTMLInputElement =>
    element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio");

  const isTextField = (element: Element) =>
    element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && !notTyped.includes(element.type));

  function modifiersOf(event: MouseEvent | KeyboardEvent): string[] {
    const held = { Alt: event.altKey, Control: event.ctrlKey, Meta: event.metaKey, Shift: event.shiftKey };
    return Object.entries(held).flatMap(([name, isHeld]) => (isHeld ? [name] : []));
  }

  function onClick(event: MouseEvent): void {
    const inner = innermost(event);
    if (!event.isTrusted || inner === undefined || (event.type === "auxclick" && event.button !== 1)) return;
    const element = closest(inner, clickable) ?? inner;
    // The browser's own click on the button of a form that Enter sends.
    const form = "form" in element ? element.form : null;
    if (event.detail === 0 && entered !== null && form === entered) return;
    if (element instanceof HTMLSelectElement || element instanceof HTMLOptionElement) return;
    if (element instanceof HTMLInputElement && element.type === "file") return;
    if (isBox(element)) return;
    const labelled = element instanceof HTMLLabelElement ? element.control : null;
    if (labelled !== null && (!isBox(labelled) || shows(labelled))) return;
    sayHovered(element);
    const count = Math.min(Math.max(event.detail, 1), 3);
    say({ kind: "click", target: targetOf(element), button: event.button === 1 ? "middle" : "left", count, modifiers: modifiersOf(event) });
  }

  function onOver(event: Event): void {
    const opener = innermost(event)?.closest("[aria-haspopup]") ?? null;
    if (event.isTrusted && opener !== null) hovered = opener;
  }

  /** What is beside something with a menu may only be there while the mouse is over it. */
  function sayHovered(clicked: Element): void {
    const isBeside = hovered !== null && !hovered.contains(clicked) && hovered.parentElement?.contains(clicked) === true;
    if (hovered !== null && isBeside) say({ kind: "hover", target: targetOf(hovered) });
    hovered = null;
  }

  /** A right click counts where the page has a menu of its own for it. */
  function onMenu(event: MouseEvent): void {
    const inner = innermost(event);
    if (!event.isTrusted || !event.defaultPrevented || inner === undefined) return;
    say({ kind: "click", target: targetOf(closest(inner, clickable) ?? inner), button: "right" });
  }

  function onInput(event: Event): void {
    const inner = innermost(event);
    if (!isCounted(event) || inner === undefined) return;
    const host =
      inner instanceof HTMLElement && inner.isContentEditable ? closest(inner, "[contenteditable=''], [contenteditable=true]") : null;
    if (host instanceof HTMLElement) sayTyped(host, host.innerText);
    else if (isTextField(inner)) sayTyped(inner, (inner as HTMLInputElement).value);
  }

  function sayTyped(field: Element, text: string): void {
    const isHidden = isSecret(field) || showsSecret(text);
    const target = fieldTarget(field);
    if (isHidden) say({ kind: "type_secret", target });
    else say({ kind: "type", target, text: text.slice(0, mostText) });
  }

  function onChange(event: Event): void {
    const field = innermost(event);
    if (!isCounted(event) || field === undefined) return;
    if (field instanceof HTMLSelectElement) {
      const values = [...field.selectedOptions].map((option) => option.label.replace(/\s+/g, " ").trim() || option.value);
      say({ kind: "select", target: targetOf(field), values });
    } else if (isBox(field)) {
      // Of a hidden one the click on its label was told.
      if (shows(field)) say({ kind: "check", target: targetOf(field), checked: field.checked });
    } else if (field instanceof HTMLInputElement && field.type === "file") {
      say({ kind: "upload", target: targetOf(field), files: [...(field.files ?? [])].map(({ name }) => name) });
    }
  }

  function onKey(event: KeyboardEvent): void {
    const inner = innermost(event);
    if (!event.isTrusted || event.isComposing || event.repeat || inner === undefined) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if (ctrlKey && shiftKey && key.toLowerCase() === "s") {
      event.preventDefault();
      say({ kind: "end" });
      return;
    }
    const field = inner instanceof HTMLInputElement || inner instanceof HTMLSelectElement ? inner : undefined;
    const press = (name: string) => say({ kind: "press", key: name, ...(isTextField(inner) && { target: fieldTarget(inner) }) });
    if (key === "Enter" && field !== undefined && !["submit", "button", "reset", "image", "file"].includes(field.type)) {
      entered = field.form;
      press("Enter");
    } else if (key === "Escape") press("Escape");
    else if (/^Arrow(?:Up|Down)$/.test(key) && field?.matches("[role=combobox], [list], [aria-autocomplete], [aria-haspopup]")) press(key);
    else if ((ctrlKey || metaKey) && !altKey && /^[^acvxzy]$/i.test(key)) press(`${metaKey ? "Meta" : "Control"}+${key}`);
  }

  /** In a text of several lines Enter is a line, unless the page takes it. */
  function onKeyTaken(event: KeyboardEvent): void {
    const inner = innermost(event);
    if (!event.isTrusted || event.key !== "Enter" || event.isComposing || !event.defaultPrevented || inner === undefined) return;
    if (inner instanceof HTMLTextAreaElement) say({ kind: "press", key: "Enter", target: fieldTarget(inner) });
  }

  function onFocus(event: FocusEvent): void {
    const inner = innermost(event);
    if (inner === undefined) return;
    targets.delete(inner);
    isSecret(inner);
  }

  function onShown(): void {
    if (window === top && document.visibilityState === "visible") say({ kind: "shown" });
  }

  const forgetEnter = () => {
    entered = null;
  };
  addEventListener("keyup", forgetEnter, true);
  addEventListener("pointerdown", forgetEnter, true);
  document.addEventListener("visibilitychange", onShown);
  addEventListener("pointerover", onOver, true);
  addEventListener("click", onClick, true);
  addEventListener("auxclick", onClick, true);
  addEventListener("contextmenu", onMenu);
  addEventListener("input", onInput, true);
  addEventListener("change", onChange, true);
  addEventListener("keydown", onKey, true);
  addEventListener("keydown", onKeyTaken);
  addEventListener("focusin", onFocus, true);
}
