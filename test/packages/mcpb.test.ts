/** The MCPB archive, unpacked and started as a host does it, by the substitution that `@anthropic-ai/mcpb` has for hosts. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getMcpConfigForManifest, unpackExtension } from "@anthropic-ai/mcpb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { fingerprintOf, missingSshd, startSshd } from "../support/sshd.ts";
import { run, temporaryFolder } from "./run.ts";
import { proveSession, type Start } from "./session.ts";

type Form = Readonly<Record<string, string | boolean>>;

const archive = "out/mcp-ssh-client.mcpb";
const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

describeNeeding(missingSshd(), "the MCPB archive", () => {
  let server: SshServer;
  let place: () => Form;
  beforeAll(async () => {
    await run("npx", ["tsx", "packaging/mcpb.ts"]);
    server = await startSshd();
    const { host, port, user, clientKey } = server;
    place = () => ({ host, port: String(port), user, key: clientKey, command: everythingCommand });
  });
  afterAll(() => server?.stop());

  /** `leave`: what the host makes of a field that has no value after the defaults of the manifest. */
  async function started(form: Form, leave: "placeholders" | "empty" | "nothing", home: string): Promise<Start> {
    const folder = temporaryFolder();
    expect(await unpackExtension({ mcpbPath: archive, outputDir: folder, silent: true })).toBe(true);
    const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    if (leave !== "nothing")
      for (const field of Object.values<{ default?: unknown }>(manifest.user_config)) delete field.default;
    const directories = { HOME: home, DESKTOP: home, DOCUMENTS: home, DOWNLOADS: home };
    const host = { extensionPath: folder, systemDirs: directories, pathSeparator: "/" };
    const config = await getMcpConfigForManifest({ manifest, userConfig: form, ...host });
    if (config === undefined) throw new Error("a host would not start it");
    const given = Object.entries(config.env ?? {});
    const isLeft = (value: string): boolean => value.includes("${user_config");
    const env = leave === "empty" ? given.map(([name, value]) => [name, isLeft(value) ? "" : value]) : given;
    return { command: process.execPath, args: config.args ?? [], env: { ...Object.fromEntries(env), HOME: home } };
  }

  for (const leave of ["placeholders", "empty", "nothing"] as const) {
    test(`carries a session where the host leaves ${leave} in empty fields`, async () => {
      const form = { ...place(), known_hosts: server.knownHosts };
      await proveSession(await started(form, leave, temporaryFolder()));
    });
  }

  test("trusts the server by its fingerprint", async () => {
    const form = { ...place(), host_key: fingerprintOf(join(server.folder, "host_key.pub")) };
    await proveSession(await started(form, "nothing", temporaryFolder()));
  });

  test("refuses a server that nothing speaks for", async () => {
    const start = await started(place(), "nothing", temporaryFolder());
    await expect(proveSession(start)).rejects.toThrow(/host key/i);
  });

  test("accepts a new server, and remembers it, where the form says so", async () => {
    const home = temporaryFolder();
    await proveSession(await started({ ...place(), accept_new: true }, "nothing", home));
    expect(existsSync(join(home, ".ssh/known_hosts"))).toBe(true);
    await proveSession(await started(place(), "nothing", home));
  });

  test("is not started by a host whose form has no host yet", async () => {
    await expect(started({ ...place(), host: "" }, "nothing", temporaryFolder())).rejects.toThrow("would not start");
  });

  test("is the same archive for the same source", async () => {
    const before = hashOf(archive);
    await run("npx", ["tsx", "packaging/mcpb.ts"]);
    console.log(`${before}  ${archive}`);
    expect(hashOf(archive)).toBe(before);
  });
});
