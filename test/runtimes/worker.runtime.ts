/** examples/worker in workerd, through `cloudflare:sockets`. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree } from "../support/processes.ts";
import { fingerprintOf, missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { makeProject, type Project } from "./project.ts";
import { missingRuntimes, workerd } from "./runtimes.ts";

const kernelCheck = join(dirname(fileURLToPath(import.meta.url)), "kernel-check.mjs");

describeNeeding(missingSshd() ?? missingRuntimes([workerd]), "in workerd", () => {
  let server: Sshd;
  let project: Project;
  const started: ChildProcess[] = [];
  beforeAll(async () => {
    server = await startSshd();
    project = makeProject(server);
  });
  afterEach(async () => {
    for (const child of started.splice(0)) await endTree(child);
  });
  afterAll(async () => {
    project?.remove();
    await server?.stop();
  });

  /** workerd with examples/worker/workerd.capnp, which takes in worker.js. Gives the address of its HTTP. */
  const serve = async (bundle: string, hostKey: string): Promise<string> => {
    const folder = join(project.folder, "worker");
    writeFileSync(join(folder, "worker.js"), readFileSync(bundle));
    const args = ["serve", join(folder, "workerd.capnp"), "--socket-addr", "http=127.0.0.1:0", "--control-fd", "3"];
    const env = {
      SSH_HOST: server.host,
      SSH_PORT: String(server.port),
      SSH_USER: server.user,
      SSH_KEY: readFileSync(server.clientKey, "utf8"),
      SSH_HOST_KEY: hostKey,
      SSH_COMMAND: everythingCommand,
    };
    const child = spawn(workerd, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    started.push(child);
    return `http://127.0.0.1:${await portFrom(child)}`;
  };
  const bundled = (entry: Parameters<Project["bundle"]>[0]): Promise<string> =>
    project.bundle(entry, { external: ["cloudflare:sockets"], conditions: ["workerd"] });

  test("SshClientTransport and the SDK carry a session", async () => {
    const address = await serve(await bundled("worker/worker.ts"), fingerprintOf(join(server.folder, "host_key.pub")));
    const before = performance.now();
    const { tools } = (await json(address)) as { tools: readonly { name: string }[] };
    console.log(`workerd: tools listed after ${Math.round(performance.now() - before)} ms`);
    expect(tools.map(({ name }) => name)).toContain("echo");
    const message = "Ωmega 😀 ".repeat(200);
    const query = new URLSearchParams({ tool: "echo", input: JSON.stringify({ message }) });
    const { content } = (await json(`${address}/?${query}`)) as { content: unknown };
    expect(content).toEqual([{ type: "text", text: `Echo: ${message}` }]);
  });

  test("a host key that is not the one ends it", async () => {
    const address = await serve(await bundled("worker/worker.ts"), "SHA256:another");
    const logins = (): number => server.log().split("Accepted publickey").length - 1;
    const before = logins();
    expect((await fetch(address)).status).toBe(500);
    expect(logins()).toBe(before);
  });

  test("the kernel may not be compiled, and noble does its work", async () => {
    const text = `import { checkKernel } from ${JSON.stringify(kernelCheck)};
      export default { fetch: () => Response.json(checkKernel(1)) };`;
    expect(await json(await serve(await bundled({ text }), ""))).toEqual({ cases: 0 });
  });
});

async function json(address: string): Promise<unknown> {
  const response = await fetch(address);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}

/** From the line that workerd writes on the descriptor once it listens. */
function portFrom(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = "";
    let control = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    (child.stdio[3] as Readable).setEncoding("utf8").on("data", (text: string) => {
      control += text;
      const port = /"port":(\d+)/.exec(control)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`workerd ended: ${said}`)));
  });
}
