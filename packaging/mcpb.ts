/**
 * `npm run mcpb`: out/mcp-ssh-client.mcpb, which Claude Desktop and other hosts install with one click and a form. Needs
 * `npm run build`. The same source gives the same bytes.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { packExtension, validateManifest } from "@anthropic-ai/mcpb";
import { version } from "./bundle.ts";

const folder = "out/mcpb";
const archive = "out/mcp-ssh-client.mcpb";

/** The first moment that a ZIP archive can say, 1980-01-01 00:00: in the high half the date, month 1 and day 1. */
const FIRST_MOMENT = ((1 << 5) | 1) << 16;

rmSync(folder, { recursive: true, force: true });
mkdirSync(`${folder}/server`, { recursive: true });
const manifest = JSON.parse(readFileSync("packaging/mcpb/manifest.json", "utf8")) as Record<string, unknown>;
writeFileSync(`${folder}/manifest.json`, `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`);
cpSync("packaging/mcpb/start.mjs", `${folder}/server/start.mjs`);
cpSync("dist/mcp-ssh-client.js", `${folder}/server/mcp-ssh-client.mjs`);
cpSync("LICENSE", `${folder}/LICENSE`);

const isPacked =
  validateManifest(`${folder}/manifest.json`) && (await packExtension({ extensionPath: folder, outputPath: archive }));
if (!isPacked) throw new Error("the extension is not valid");
writeFileSync(archive, withoutTimes(readFileSync(archive)));

/** A ZIP archive whose files are all of 1980-01-01 00:00, the format's first moment. APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16. */
function withoutTimes(zip: Buffer): Buffer {
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let entry = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.toString("latin1", entry, entry + 4) !== "PK\x01\x02") throw new Error("no ZIP archive that we know");
    const local = zip.readUInt32LE(entry + 42);
    zip.writeUInt32LE(FIRST_MOMENT, entry + 12);
    zip.writeUInt32LE(FIRST_MOMENT, local + 10);
    entry += 46 + zip.readUInt16LE(entry + 28) + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  return zip;
}
