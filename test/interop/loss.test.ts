/** A network that loses packets between the built command and a real sshd is slower, and nothing else. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { endHosts, launch, startHost } from "../support/command.ts";
import { missingLossyNetwork, startLossyNetwork } from "../support/lossy-network.ts";
import { describeNeeding } from "../support/needs.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

describeNeeding(missingSshd() ?? missingLossyNetwork(), "with packets lost", () => {
  test.each([
    { percent: 1, count: 10_000 },
    { percent: 10, count: 1_000 },
  ])(
    "$percent in a hundred: $count lines come back as they went, in order",
    async ({ percent, count }) => {
      const network = await startLossyNetwork(percent);
      const sshd = await startSshd({ prefix: network.prefix });
      const { command, args } = launch(sshd, { exec: "cat" });
      const [program = "", ...rest] = [...network.prefix, command, ...args];
      const host = startHost({ command: program, args: rest });
      try {
        const before = network.retransmissions();
        const text = (i: number): string => "x".repeat((i * 37) % 2_000);
        const lines = Array.from(
          { length: count },
          (_, i) => `{"jsonrpc":"2.0","method":"n${i}","params":"${text(i)}"}\n`,
        );
        host.write(lines.join(""));
        // All is back before the end: lines that are no requests wait for nobody, and a second without a byte ends them.
        await expect.poll(() => host.stdout().length, { timeout: 90_000, interval: 100 }).toBe(lines.join("").length);
        host.end();
        expect(await host.exit).toEqual({ code: 0, signal: null });
        expect(sha256(host.stdout())).toBe(sha256(lines.join("")));
        expect(host.stderr()).not.toMatch(/ERROR|WARNING/);
        expect(network.retransmissions()).toBeGreaterThan(before);
      } finally {
        await endHosts([host]);
        await sshd.stop();
        await network.stop();
      }
    },
    120_000,
  );
});
