import type { PlainBody } from "./pictures.ts";

/** What a picture usually takes: providers make large ones smaller. */
const pictureTokens = 1_600;

/** About how many tokens a call sends: four characters each, and its pictures. */
export function estimateTokens({ body, pictures }: PlainBody): number {
  return Math.ceil(JSON.stringify(body).length / 4) + pictureTokens * pictures;
}
