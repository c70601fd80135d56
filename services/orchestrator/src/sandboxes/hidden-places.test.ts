import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../../test/support/temp-folder.ts";
import { hiddenPlaces } from "./hidden-places.ts";

test("names every place with secrets, by where it really lies", async () => {
  await using folder = await tempFolder();
  const within = (name: string) => join(folder.path, name);
  await mkdir(within("real"));
  await writeFile(within("real/key"), "x");
  await symlink(within("real"), within("link"));
  const settings = {
    CLEW_VOLUME: within("volume"),
    CLEW_SECRETS: within("link"),
    CLEW_MODEL_OPENAI_KEY: `file:${within("link/key")}`,
    CLEW_MODEL_GOOGLE_KEY: "a key itself",
    CLEW_WARM_SANDBOXES: 1,
  };
  expect(hiddenPlaces(settings, "/clew.yaml")).toEqual({
    "the volume": within("volume/volume.key"),
    CLEW_CONFIG: "/clew.yaml",
    CLEW_SECRETS: within("real"),
    CLEW_MODEL_OPENAI_KEY: within("real/key"),
  });
  expect(Object.keys(hiddenPlaces({ CLEW_VOLUME: "/v" }, undefined))).toEqual(["the volume"]);
});
