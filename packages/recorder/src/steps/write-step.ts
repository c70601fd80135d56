import { literal } from "@clew/playbook/placeholder";
import type { Target } from "../interaction.ts";
import { publicUrl } from "../public-url.ts";
import type { Move } from "./fold.ts";
import type { TypedValues } from "./typed-values.ts";
import { type WrittenSelector, writeSelector } from "./write-selector.ts";
import { writeVerification } from "./write-verification.ts";

/** A step as a playbook writes it. */
export type WrittenStep = Readonly<Record<string, unknown>> & { readonly action: string };

/** What writing steps says besides them. */
export type Warn = (warning: string) => void;

/** Writes one step; undefined, with a warning, where it cannot be written. Values are taken in the order of the moves. */
export function writeStep(move: Move, values: TypedValues, warn: Warn): WrittenStep | undefined {
  const { did, arrived, from = "" } = move;
  const target = "target" in did ? did.target : undefined;
  const selector = target === undefined ? undefined : writeSelector(target, values);
  if (target !== undefined && selector === undefined && did.kind !== "press") {
    warn(`'${did.kind}' was left out: nothing finds its element${target.label === "" ? "" : ` '${target.label}'`} alone.`);
    return undefined;
  }
  const written = writeAction(move, selector, values, warn);
  if (written === undefined) return undefined;
  const verify =
    arrived === undefined || did.kind === "goto" || move.downloads === true ? undefined : writeVerification(from, arrived, values);
  return { ...written, ...(verify && { verify }) };
}

function writeAction(move: Move, selector: WrittenSelector | undefined, values: TypedValues, warn: Warn): WrittenStep | undefined {
  const { did, key } = move;
  const on = selector === undefined ? {} : { selector };
  switch (did.kind) {
    case "goto":
      return { action: "goto", params: { url: addressTemplate(publicUrl(did.url, warn), values) } };
    case "go_back":
    case "reload":
    case "close_tab":
      return { action: did.kind };
    case "switch_tab": {
      const { path, index } = did.which;
      return {
        action: "switch_tab",
        params: path === undefined ? { ...(index !== undefined && { index }) } : { url_contains: addressTemplate(path, values) },
      };
    }
    case "dialog":
      // What nobody speaks of is dismissed.
      return did.accept
        ? { action: "handle_dialog", params: { accept: true, ...(did.text && { text: values.take("answer", did.text) }) } }
        : undefined;
    case "click": {
      if (move.downloads === true) return { action: "download", ...on };
      const params = {
        ...(did.button !== "left" && { button: did.button }),
        ...(did.count > 1 && { count: did.count }),
        ...(did.modifiers.length > 0 && { modifiers: did.modifiers }),
      };
      return { action: "click", ...on, ...(Object.keys(params).length > 0 && { params }) };
    }
    case "type":
      return typing(on, { text: values.take(nameFor(did.target), did.text) }, key);
    case "type_secret":
      return typing(on, { credential_ref: values.takeSecret(nameFor(did.target)) }, key);
    case "select":
      return {
        action: "select",
        ...on,
        params: { value: did.values.length === 1 ? literal(did.values[0] ?? "") : did.values.map(literal) },
      };
    case "check":
      return { action: "check", ...on, ...(!did.checked && { params: { checked: false } }) };
    case "press":
      return { action: "press", ...on, params: { key: did.key } };
    case "upload": {
      const files = did.files.map(fileName);
      if (files.length === 0) return undefined;
      warn(`The run must be given ${files.map((name) => `--file ${name}=PATH`).join(" ")}.`);
      return { action: "upload", ...on, params: { files } };
    }
    case "hover":
      return { action: "hover", ...on };
    case "wait_for":
      return { action: "wait_for", ...on, ...(did.state !== "visible" && { params: { state: did.state } }) };
    case "download":
      return undefined;
  }
}

function typing(on: object, typed: object, key: string | undefined): WrittenStep {
  return key === undefined ? { action: "fill", ...on, params: typed } : { action: "key_press", ...on, params: { ...typed, key } };
}

/** Values stand in addresses only as whole parts of a path or of a query. */
function addressTemplate(url: string, values: TypedValues): string {
  return url
    .split(/([/?&=#])/)
    .map((part) => {
      const isPlain = /^[\w.-]+$/.test(part);
      return isPlain && !part.includes(".") ? values.template(part) : literal(part);
    })
    .join("");
}

function nameFor({ label, candidates }: Target): string {
  const named = candidates.map(({ css }) => /\[name="([^"]+)"\]/.exec(css ?? "")?.[1]).find((name) => name !== undefined);
  return label || named || "";
}

function fileName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/^\.+/, "");
  return plain.slice(-120) || "file";
}
