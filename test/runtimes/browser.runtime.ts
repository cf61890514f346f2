/** examples/browser in a headless Chromium, its bytes over examples/browser/relay.mjs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree } from "../support/processes.ts";
import { fingerprintOf, missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { makeProject, type Project } from "./project.ts";
import { chromium, missingRuntimes, playwright } from "./runtimes.ts";

const kernelCheck = join(dirname(fileURLToPath(import.meta.url)), "kernel-check.mjs");

const flags = [
  ...["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--no-first-run", "--no-sandbox"], // root may not start it otherwise
];

/** What the tests use of Playwright. */
interface Page {
  goto(url: string): Promise<unknown>;
  fill(selector: string, value: string): Promise<void>;
  click(selector: string): Promise<void>;
  textContent(selector: string): Promise<string | null>;
  waitForSelector(selector: string, options: { timeout: number }): Promise<unknown>;
  on(event: "pageerror", hear: (error: Error) => void): void;
  close(): Promise<void>;
}

interface Browser {
  version(): string;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; headless: boolean; args: readonly string[] }): Promise<Browser>;
  };
}

describeNeeding(missingSshd() ?? missingRuntimes([chromium, playwright]), "in Chromium", () => {
  let server: Sshd;
  let project: Project;
  let browser: Browser;
  let relay: ChildProcess;
  let relayAddress: string;
  let site: Server;
  const pages = new Map<string, { readonly type: string; readonly text: string }>();

  beforeAll(async () => {
    server = await startSshd();
    project = makeProject(server);
    const relayArgs = [join(project.folder, "browser", "relay.mjs"), server.host, String(server.port), "0"];
    relay = spawn(process.execPath, relayArgs, { stdio: ["ignore", "pipe", "inherit"] });
    relayAddress = String(((await once(relay.stdout as NodeJS.ReadableStream, "data")) as [Buffer])[0]).trim();
    site = createServer(({ url = "" }, response) => {
      const page = pages.get(url);
      response.writeHead(page === undefined ? 404 : 200, { "content-type": page?.type ?? "text/plain" });
      response.end(page?.text ?? "");
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const bundle = await project.bundle("browser/page.ts", { conditions: ["browser"], platform: "browser" });
    const html = readFileSync(join(project.folder, "browser", "index.html"), "utf8");
    pages.set("/", { type: "text/html", text: html });
    pages.set("/page.js", { type: "text/javascript", text: readFileSync(bundle, "utf8") });
    const text = `import { checkKernel } from ${JSON.stringify(kernelCheck)};
      const output = document.querySelector("output");
      output.textContent = JSON.stringify(checkKernel(3000));`;
    const check = readFileSync(await project.bundle({ text }, { platform: "browser" }), "utf8");
    pages.set("/check.js", { type: "text/javascript", text: check });
    const { chromium: type } = (await import(playwright)) as Playwright;
    browser = await type.launch({ executablePath: chromium, headless: true, args: flags });
    console.log(`Chromium ${browser.version()}`);
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
    if (relay !== undefined) await endTree(relay);
    project?.remove();
    await server?.stop();
  });

  /** The text of the page's <output> once there is some. */
  const outputOf = async (path: string, act?: (page: Page) => Promise<void>): Promise<string> => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}${path}`);
    await act?.(page);
    await page.waitForSelector("output:not(:empty)", { timeout: 90_000 });
    const text = (await page.textContent("output")) ?? "";
    await page.close();
    expect(errors).toEqual([]);
    return text;
  };

  const call =
    (hostKey: string) =>
    async (page: Page): Promise<void> => {
      const fields = { relay: relayAddress, user: server.user, hostKey, command: everythingCommand };
      for (const [name, value] of Object.entries(fields)) await page.fill(`input[name=${name}]`, value);
      await page.fill("textarea[name=key]", readFileSync(server.clientKey, "utf8"));
      await page.click("button");
    };

  test("SshClientTransport and the SDK carry a session, under a policy that forbids WebAssembly", async () => {
    const before = performance.now();
    const text = await outputOf("/", call(fingerprintOf(join(server.folder, "host_key.pub"))));
    console.log(`Chromium: tools listed and one called after ${Math.round(performance.now() - before)} ms`);
    const { tools, content } = JSON.parse(text) as { tools: readonly string[]; content: unknown };
    expect(tools).toContain("get-sum");
    expect(content).toEqual([{ type: "text", text: "Echo: hi" }]);
  });

  test("a host key that is not the one ends it", async () => {
    expect(await outputOf("/", call("SHA256:another"))).toMatch(/^HostKeyError: the server shows SHA256:/);
  });

  test("the kernel does as noble does where WebAssembly may be compiled, and is not there where it may not", async () => {
    const page = (policy: string): string =>
      `<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'self' ${policy}">` +
      '<output></output><script type="module" src="check.js"></script>';
    pages.set("/open", { type: "text/html", text: page("'wasm-unsafe-eval'") });
    pages.set("/strict", { type: "text/html", text: page("") });
    expect(JSON.parse(await outputOf("/open"))).toEqual({ cases: 3000 });
    expect(JSON.parse(await outputOf("/strict"))).toEqual({ cases: 0 });
  });
});
