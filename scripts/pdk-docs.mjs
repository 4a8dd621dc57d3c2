// Writes docs/pdk.md from the types and comments in src/gateways/kong/pdk. With --check it only says whether the file is up to date.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readPdk } from "./pdk-docs/read-pdk.mjs";
import { renderPdk } from "./pdk-docs/render-pdk.mjs";

const DOCUMENT = fileURLToPath(new URL("../docs/pdk.md", import.meta.url));

const wanted = renderPdk(readPdk(fileURLToPath(new URL("../src/gateways/kong/pdk/index.ts", import.meta.url))));
if (!process.argv.includes("--check")) await writeFile(DOCUMENT, wanted);
else if ((await readFile(DOCUMENT, "utf8").catch(() => "")) !== wanted) {
  process.stderr.write("docs/pdk.md is not what src/gateways/kong/pdk says: run npm run docs:pdk\n");
  process.exitCode = 1;
}
