import type { CodeMistake } from "./code-mistake.ts";

const range = (from: number, to: number, nameOf: (number: number) => string) =>
  Array.from({ length: to - from + 1 }, (_, index) => nameOf(from + index));
const characters = range(0x20, 0x7e, (code) => String.fromCharCode(code));
const sides = ["Shift", "Control", "Alt", "Meta"].flatMap((name) => [name, `${name}Left`, `${name}Right`]);

/** The keys of an American keyboard, by what they are called and by what they type. What has no key of its own is typed as text. */
const keys: ReadonlySet<string> = new Set([
  ...characters,
  ...range(0, 9, (digit) => `Digit${digit}`),
  ...range(0, 9, (digit) => `Numpad${digit}`),
  ...range(0x41, 0x5a, (code) => `Key${String.fromCharCode(code)}`),
  ...range(1, 12, (number) => `F${number}`),
  ...sides,
  ...["ControlOrMeta", "AltGraph", "CapsLock", "NumLock", "ScrollLock", "Pause", "PrintScreen", "ContextMenu"],
  ...["Escape", "Tab", "Enter", "Space", "Backspace", "Delete", "Insert", "Home", "End", "PageUp", "PageDown"],
  ...["ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"],
  ...["Backquote", "Minus", "Equal", "Backslash", "BracketLeft", "BracketRight", "Semicolon", "Quote", "Comma", "Period", "Slash"],
  ...["NumpadDivide", "NumpadMultiply", "NumpadSubtract", "NumpadAdd", "NumpadDecimal", "NumpadEnter"],
  ...["AudioVolumeMute", "AudioVolumeDown", "AudioVolumeUp", "MediaTrackNext", "MediaTrackPrevious", "MediaPlayPause"],
]);

/** What people call keys, in small letters, and what they are called here. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ...[...keys].flatMap((key) => (key.length > 1 ? [[key.toLowerCase(), key] as const] : [])),
  ["return", "Enter"],
  ["esc", "Escape"],
  ["ctrl", "Control"],
  ["cmd", "Meta"],
  ["command", "Meta"],
  ["win", "Meta"],
  ["option", "Alt"],
  ["del", "Delete"],
  ["spacebar", "Space"],
  ["left", "ArrowLeft"],
  ["up", "ArrowUp"],
  ["right", "ArrowRight"],
  ["down", "ArrowDown"],
]);

/** Says why a key or a combination such as `Control+A` cannot be pressed; undefined where nothing is wrong. */
export function keyMistake(combination: string): CodeMistake | undefined {
  for (const { key, at } of keysOf(combination)) if (!keys.has(key)) return { message: messageFor(key), at };
  return undefined;
}

/** The keys of a combination, and the character each begins at: a + that begins one is that key. */
function* keysOf(combination: string): Generator<{ readonly key: string; readonly at: number }> {
  for (let at = 0; at <= combination.length; ) {
    const plus = combination.indexOf("+", at + 1);
    const end = plus < 0 ? combination.length : plus;
    yield { key: combination.slice(at, end), at };
    at = end + 1;
  }
}

function messageFor(key: string): string {
  if (key === "") return "names no key after its +";
  const instead = otherNames.get(key.toLowerCase());
  if (instead !== undefined) return `names no key: ${key} is called ${instead}`;
  const ways = "say what the key is called, such as Enter, ArrowDown or Control+A";
  return `names no key: ${key}; ${[...key].length === 1 ? "type it as text" : ways}`;
}
