/** The library in each runtime that has sockets: the examples as they stand, and the kernel beside noble. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everythingCommand } from "../support/everything.ts";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd, type Sshd, startSshd } from "../support/sshd.ts";
import { makeProject, type Project } from "./project.ts";
import { missingRuntimes, runtimes } from "./runtimes.ts";
import { run } from "./start.ts";

const kernelPrint = join(dirname(fileURLToPath(import.meta.url)), "kernel-print.mjs");

describeNeeding(missingSshd() ?? missingRuntimes(), "the library", () => {
  let server: Sshd;
  let project: Project;
  beforeAll(async () => {
    server = await startSshd();
    project = makeProject(server);
  });
  afterAll(async () => {
    project?.remove();
    await server?.stop();
  });
  const address = (): string => `ssh://${server.user}@${server.host}:${server.port}`;

  describe.each(runtimes)("in $name", (runtime) => {
    test("calls a tool through SshClientTransport and the SDK: examples/sdk-client.ts", async () => {
      const args = [address(), everythingCommand, "echo", '{"message":"through"}'];
      const outcome = await run(runtime, [project.example("sdk-client", runtime.takesTypes), ...args], project.home);
      expect(outcome).toEqual({ code: 0, stdout: '[{"type":"text","text":"Echo: through"}]\n', stderr: "" });
    });

    test("runs a command: examples/exec.ts", async () => {
      const args = [address(), "seq 100000; echo oh no >&2; exit 7"];
      const outcome = await run(runtime, [project.example("exec", runtime.takesTypes), ...args], project.home);
      const stdout = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
      expect(outcome).toEqual({ code: 7, stdout, stderr: "oh no\n" });
    });

    test(runtime.hasKernel ? "has the kernel, which does as noble does" : "has no kernel", async () => {
      const outcome = await run(runtime, [kernelPrint, "3000"], project.home);
      const cases = runtime.hasKernel ? 3000 : 0;
      expect(outcome).toEqual({ code: 0, stdout: `{"cases":${cases}}\n`, stderr: "" });
    });
  });
});
