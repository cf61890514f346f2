/**
 * Servers that take no part in strict key exchange, as all of before December 2023: what the library and the command
 * settle on with each. SECURITY.md, Terrapin (CVE-2023-48795).
 */
import { expect, test } from "vitest";
import type { NegotiationError } from "../../src/index.ts";
import { connectTo, outputOf } from "../support/connect-to.ts";
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { missingMarker } from "../support/lax-program.ts";
import { describeNeeding } from "../support/needs.ts";
import { findExecutable, greetingOf, type SshServer } from "../support/ssh-server.ts";
import { findSshd, missingSshd, startSshd } from "../support/sshd.ts";

const chacha = "chacha20-poly1305@openssh.com";

/** Connects, has something said, exchanges keys anew, has it said again. What was chosen each time, ciphers and MACs. */
async function meet(server: SshServer): Promise<readonly string[]> {
  const chosen: string[] = [];
  const connection = await connectTo(server, {
    trace: true,
    onNotice: (notice) => {
      if (notice.type !== "trace" || !notice.text.startsWith("chosen: ")) return;
      const [, , ...names] = notice.text.split(", ");
      chosen.push([...new Set(names)].join(" "));
    },
  });
  try {
    for (const isAgain of [false, true]) {
      if (isAgain) await connection.rekey();
      expect(await outputOf(connection, "echo hello")).toBe("hello\n");
    }
  } finally {
    await connection.close();
  }
  return chosen;
}

async function withServer(start: () => Promise<SshServer>, use: (server: SshServer) => Promise<void>): Promise<void> {
  const server = await start();
  try {
    expect(await greetingOf(server)).not.toContain("kex-strict");
    await use(server);
  } finally {
    await server.stop();
  }
}

describeNeeding(missingSshd() ?? missingMarker(findSshd()), "OpenSSH without strict kex", () => {
  const etm = "hmac-sha2-512-etm@openssh.com";
  test.each<{ about: string; ciphers: string; macs?: string; chosen: readonly string[] }>([
    { about: "AES-GCM", ciphers: `${chacha},aes128-gcm@openssh.com`, chosen: [chacha, "aes128-gcm@openssh.com"] },
    {
      about: "AES-CTR, its MAC over what is sent",
      ciphers: `${chacha},aes128-ctr,aes256-ctr`,
      macs: `${etm},hmac-sha2-256`,
      chosen: [chacha, `aes256-ctr ${etm}`],
    },
    {
      about: "AES-CTR, its MAC over the plain packet",
      ciphers: `${chacha},aes192-ctr`,
      macs: "hmac-sha2-256",
      chosen: [chacha, "aes192-ctr hmac-sha2-256"],
    },
    { about: "AES-CTR alone", ciphers: "aes128-ctr", macs: etm, chosen: [`aes128-ctr ${etm}`] },
  ])("$about is what is used, and after a rekey", async ({ ciphers, macs, chosen }) => {
    const config = [`Ciphers ${ciphers}`, ...(macs === undefined ? [] : [`MACs ${macs}`])];
    await withServer(
      () => startSshd({ isLax: true, config }),
      async (server) => expect(await meet(server)).toEqual([...chosen, chosen.at(-1)]),
    );
  });

  test("CBC, which Terrapin breaks with such a MAC, is not taken, nor is chacha20-poly1305", async () => {
    await withServer(
      () => startSshd({ isLax: true, config: [`Ciphers ${chacha},aes256-cbc`, `MACs ${etm}`] }),
      async (server) => {
        const error: unknown = await meet(server).catch((error: unknown) => error);
        expect(error).toMatchObject({ name: "NegotiationError", list: "strict kex" });
        expect((error as NegotiationError).theirs).toEqual([chacha, "aes256-cbc"]);
      },
    );
  });

  test("AES-CTR with MACs that we do not have is no way: what is told is what stands in the way", async () => {
    await withServer(
      () => startSshd({ isLax: true, config: [`Ciphers ${chacha},aes256-ctr`, "MACs hmac-sha1-etm@openssh.com"] }),
      async (server) => {
        const error: unknown = await meet(server).catch((error: unknown) => error);
        expect(error).toMatchObject({ name: "NegotiationError", list: "strict kex" });
      },
    );
  });
});

describeNeeding(missingDropbear() ?? missingMarker(findExecutable("dropbear")), "dropbear without strict kex", () => {
  test("AES-CTR is what is used, and after a rekey", async () => {
    const mac = "aes256-ctr hmac-sha2-256";
    await withServer(
      () => startDropbear({ isLax: true }),
      async (server) => expect(await meet(server)).toEqual([chacha, mac, mac]),
    );
  });
});
