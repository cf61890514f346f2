/** An end of ours while the link is lost: in the pause before we dial again, and while a server that is silent is dialled. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { constants } from "node:os";
import { describe, expect, test } from "vitest";
import { launch, startHost } from "../support/command.ts";
import { describeNeeding } from "../support/needs.ts";
import { endTree, signalAll, until } from "../support/processes.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { ledgerServer } from "./places.ts";

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "host", version: "1" } },
});

const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
const ends = [...signals.map((signal) => [signal, 128 + constants.signals[signal]] as const), ["EOF", 0]] as const;
const moments = ["the pause before we dial again", "the wait for a server that is silent"] as const;

describeNeeding(missingSshd(), "while the link is lost", () => {
  describe.concurrent.each(moments)("in %s", (moment) => {
    test.each(ends)("%s ends us with %i", async (end, code) => {
      const server = await startSshd();
      // No time-out of a dial may be what ends us.
      const flags = ["--connect-timeout", "60"];
      const host = startHost(launch(server, { exec: `${process.execPath} ${ledgerServer} /dev/null` }, flags));
      let silent: Silent | undefined;
      try {
        host.send(initialize);
        await host.line();
        const connection = server.connectionProcesses();
        await server.killListener();
        silent = await Silent.start(server.port);
        signalAll(connection, "SIGKILL");
        await host.stderrMatch(/connecting again/);
        if (moment === moments[1]) await until("another dial", () => (silent?.sockets.size ?? 0) > 0, 30_000);
        if (end === "EOF") host.end();
        else host.child.kill(end);
        expect(await host.exit).toEqual({ code, signal: null });
        expect(host.stdout().toString().split("\n")).toHaveLength(2); // the answer to initialize, and nothing more
        expect(host.stderr()).not.toMatch(/\n\s+at |CRITICAL|Warning:/);
        await until("the remote's end", () => server.remoteProcesses().length === 0, 20_000);
      } finally {
        await endTree(host.child);
        await silent?.stop();
        await server.stop();
      }
    });
  });
});

/** In sshd's place: takes connections, and says nothing. */
class Silent {
  readonly sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.sockets.add(socket.on("error", () => {})));

  static async start(port: number): Promise<Silent> {
    const silent = new Silent();
    silent.#server.listen(port, "127.0.0.1");
    await once(silent.#server, "listening");
    return silent;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
