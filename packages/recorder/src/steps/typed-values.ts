import { playbookLimits } from "@clew/playbook/limits";
import { literal } from "@clew/playbook/placeholder";

/** A parameter of the playbook, as it is written. */
export interface WrittenParameter {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
  readonly secret?: true;
}

/** The parameters that what was typed becomes, and where their values stand again later. */
export class TypedValues {
  readonly #parameters: WrittenParameter[] = [];

  get parameters(): readonly WrittenParameter[] {
    return this.#parameters;
  }

  /** Takes a text typed into a field of this label; answers the template that stands for it. */
  take(label: string, value: string): string {
    if (value === "") return "";
    const base = toName(label, "text");
    const known = this.#parameters.find((given) => given.default === value && isNamed(given.name, base));
    if (known !== undefined) return `{${known.name}}`;
    if (this.#parameters.length >= playbookLimits.parameters) return literal(value);
    return `{${this.#add(base, { default: value })}}`;
  }

  /** Takes a secret typed into a field of this label; answers its name. */
  takeSecret(label: string): string {
    const base = toName(label, "secret");
    const known = this.#parameters.find(({ name, secret }) => secret === true && name === base);
    return known?.name ?? this.#add(base, { secret: true });
  }

  /** Writes a text as a template: what was typed before stands in it as the parameter, where it cannot be there by chance. */
  template(text: string): string {
    const whole = this.#parameters.find((given) => given.default === text && text.length >= 3);
    if (whole !== undefined) return `{${whole.name}}`;
    const telling = this.#parameters.filter(({ default: value = "" }) => value.length >= 3 && /\d/.test(value));
    const [longest] = telling.filter(({ default: value = "" }) => indexOfWord(text, value) >= 0).sort(byLength);
    const value = longest?.default ?? "";
    if (longest === undefined) return literal(text);
    const at = indexOfWord(text, value);
    return `${this.template(text.slice(0, at))}{${longest.name}}${this.template(text.slice(at + value.length))}`;
  }

  #add(base: string, rest: Omit<WrittenParameter, "name">): string {
    const names = this.#parameters.map(({ name }) => name);
    let name = base;
    for (let count = 2; names.includes(name); count++) name = `${base}_${count}`;
    this.#parameters.push({ name, ...rest });
    return name;
  }
}

/** Whether a template stands for anything but itself. */
export function hasValue(template: string): boolean {
  return /(?<!\{)(?:\{\{)*\{[A-Za-z_]/.test(template);
}

const mostNameChars = 40;

function toName(label: string, otherwise: string): string {
  const plain = label.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = plain.replace(/[^a-z0-9]+/g, "_").replace(/^[_\d]+|_+$/g, "");
  return words.slice(0, mostNameChars).replace(/_+$/, "") || otherwise;
}

function isNamed(name: string, base: string): boolean {
  return name === base || (name.startsWith(`${base}_`) && /^\d+$/.test(name.slice(base.length + 1)));
}

/** Where a value stands in a text as a word of its own; -1 where it does not. */
function indexOfWord(text: string, value: string): number {
  const isWord = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}]/u.test(char);
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
    if (!isWord(text[at - 1]) && !isWord(text[at + value.length])) return at;
  return -1;
}

function byLength(one: WrittenParameter, other: WrittenParameter): number {
  return (other.default?.length ?? 0) - (one.default?.length ?? 0);
}
