import { isObject, type JsonObject } from "./json-object.ts";
import { isOfTool } from "./tool-part.ts";

/** What stands for a picture: one is never the same twice. */
const picture = "<bytes>";

const base64 = /^(data:image\/[^,]{1,100},)?[A-Za-z0-9+/_-]+={0,2}$/;

/** Where providers take pictures. */
const conversations: ReadonlySet<string> = new Set(["messages", "input", "contents"]);

/** A call's body without the bytes of its pictures. */
export interface PlainBody {
  readonly body: JsonObject;
  /** How many pictures there were. */
  readonly pictures: number;
}

/** Leaves the bytes of pictures out of a call's body: of what a provider looks at as a picture, and of no text that only looks like one. */
export function withoutPictures(body: JsonObject): PlainBody {
  let pictures = 0;
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    return isObject(value) ? mapFields(value, (name, inner) => plainField(value, name, inner)) : value;
  };
  const plainField = (holder: JsonObject, name: string, value: unknown): unknown => {
    if (isOfTool(holder, name)) return value;
    if (!isPicture(holder, name, value)) return plain(value);
    pictures += 1;
    return picture;
  };
  return { body: mapFields(body, (name, value) => (conversations.has(name) ? plain(value) : value)), pictures };
}

function mapFields(holder: JsonObject, map: (name: string, value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(holder).map(([name, value]) => [name, map(name, value)]));
}

function isPicture(holder: JsonObject, name: string, value: unknown): boolean {
  if (typeof value !== "string") return false;
  const type = holder["media_type"] ?? holder["mimeType"];
  const isInPlace = name === "data" ? typeof type === "string" && type.startsWith("image/") : name === "image_url" || name === "url";
  return isInPlace && (name === "data" || value.startsWith("data:image/")) && base64.test(value);
}
