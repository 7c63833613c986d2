/* Makes codemirror.js and LICENSES. For developers: npm ci --ignore-scripts && npm run build. The same lock gives the same bytes. */
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";

const { metafile } = await build({
  entryPoints: ["entry.js"], outfile: "codemirror.js", bundle: true, minify: true, format: "esm", target: "es2022",
  charset: "utf8", legalComments: "none", metafile: true, logLevel: "warning",
});

const inputs = Object.values(metafile.outputs)[0].inputs;
const names = new Set(Object.keys(inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]).filter(Boolean));
const licences = [];
for (const name of [...names].sort()) {
  const { version, license } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
  licences.push(`${name} ${version} (${license})\n\n${(await readFile(`node_modules/${name}/LICENSE`, "utf8")).trim()}\n`);
}
await writeFile("LICENSES", licences.join(`\n${"-".repeat(80)}\n\n`));

const digest = createHash("sha256").update(await readFile("codemirror.js")).digest("hex");
console.log(`codemirror.js  sha256 ${digest}`);
