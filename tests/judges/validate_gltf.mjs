// The Khronos validator's report on one .gltf or .glb file, as JSON on stdout: node validate_gltf.mjs FILE
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { validateBytes } from "gltf-validator";

const path = process.argv[2];
const report = await validateBytes(new Uint8Array(await readFile(path)), {
  writeTimestamp: false,
  maxIssues: 100,
  externalResourceFunction: async (uri) => new Uint8Array(await readFile(resolve(dirname(path), decodeURIComponent(uri)))),
});
console.log(JSON.stringify(report));
