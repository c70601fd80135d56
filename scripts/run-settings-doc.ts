import { writeFileSync } from "node:fs";
import { runSettingsPage } from "./run-settings-page.ts";

writeFileSync(new URL("../docs/run-settings.md", import.meta.url), runSettingsPage());
