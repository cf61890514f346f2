/** The transport: what protects the handshake, new keys by either side, life signs, and how a connection ends. */
import { equal, ok } from "node:assert/strict";
import { DisconnectError, loadPrivateKey, type SessionRequest } from "../../../src/index.ts";
import { type Case, type Login, NotOffered, type Visit } from "../case.ts";
import { echoVolume, prove, sumOf } from "../remote.ts";

const MIB = 2 ** 20;
const KEXINIT = "SSH_MSG_KEXINIT";

/** What the images start a rekey after; and what makes sure that one is due. RFC 4253 §9. */
const THEIR_REKEY = 16 * MIB;
const WELL_BEYOND = 3 * THEIR_REKEY;

export const transportCases: readonly Case[] = [
  {
    id: "strict-kex",
    sentence: "strict key exchange, which stops Terrapin, is agreed on",
    run: async (visit) => {
      const { heard } = await visit.connect();
      equal(heard.negotiated["strictKex"], true, "the server's KEXINIT lacks kex-strict-s-v00@openssh.com");
      return undefined;
    },
  },
  {
    id: "ext-info",
    sentence: "the server names the signature algorithms that it takes (RFC 8308 server-sig-algs)",
    run: async (visit) => {
      const { heard } = await visit.connect();
      const extensions = heard.traces.find((text) => text.startsWith("server extensions "));
      ok(extensions !== undefined, "no EXT_INFO came");
      ok(extensions.includes("server-sig-algs"), extensions);
      return undefined;
    },
  },
  {
    id: "rekey-idle",
    sentence: "we ask for new keys on an idle connection, get them, and what is sent comes back",
    seconds: 30,
    run: async (visit) => {
      const { connection } = await visit.connect();
      await connection.rekey();
      await connection.rekey();
      await prove(connection, visit.site.mcp);
      return undefined;
    },
  },
  {
    id: "rekey-by-us",
    sentence: "we start a rekey every MiB, and 8 MiB go through cat and come back whole",
    run: async (visit) => {
      const login = await visit.connect({ limits: { rekeyBytes: MIB } });
      await echoVolume(login.connection, 8 * MIB);
      return atLeast(4, login);
    },
  },
  {
    id: "rekey-by-them",
    sentence: "the server starts a rekey by itself, and 48 MiB come whole",
    needs: ["fixtures"],
    seconds: 180,
    run: async (visit) => {
      const { connection, heard } = await visit.connect();
      const session = await connection.session({ exec: `head -c ${WELL_BEYOND} /dev/zero` });
      equal((await sumOf(session.readable)).bytes, WELL_BEYOND);
      ok(heard.received(KEXINIT) > 1, "the server started none");
      return `${heard.received(KEXINIT) - 1} rekeys`;
    },
  },
  {
    id: "rekey-by-both",
    sentence: "both sides start rekeys, some of them at once, and 32 MiB go through cat and come back whole",
    seconds: 180,
    run: async (visit) => {
      const login = await visit.connect({ limits: { rekeyBytes: 2 * MIB } });
      const asking = setInterval(() => void login.connection.rekey().catch(() => undefined), 50);
      visit.afterwards(() => clearInterval(asking));
      await echoVolume(login.connection, 2 * THEIR_REKEY);
      clearInterval(asking);
      return atLeast(8, login);
    },
  },
  {
    id: "keepalive",
    sentence: "an idle connection outlives twelve keepalive intervals, each answered",
    run: async (visit) => {
      const { connection } = await visit.connect({ limits: { keepaliveInterval: 250, keepaliveCount: 10 } });
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await prove(connection, visit.site.mcp);
      return undefined;
    },
  },
  {
    id: "disconnect",
    sentence: "after our DISCONNECT the connection is closed without an error, and the next one is welcome",
    run: async (visit) => {
      for (let turn = 0; turn < 2; turn++) {
        const { connection } = await visit.connect();
        await prove(connection, visit.site.mcp);
        await connection.close();
        equal(await connection.closed, undefined);
      }
      return undefined;
    },
  },
  {
    id: "disconnect-theirs",
    sentence: "the server's DISCONNECT ends the connection with its reason and its words",
    needs: ["fixtures"],
    run: async (visit) => {
      const { farewell = "wrong keys" } = visit.site;
      const error = await (farewell === "wrong keys" ? wrongKeys(visit) : asked(visit, farewell));
      ok(error instanceof DisconnectError, `it ended with ${error}`);
      ok(error.reason !== undefined, `no DISCONNECT came: ${error.message}`);
      return error.message;
    },
  },
];

/** More keys than a server tries: the images are set to four. RFC 4252 §4. */
async function wrongKeys(visit: Visit): Promise<unknown> {
  const names = ["stranger", "certified", "other_host", "host_ca", "user_ca"];
  const keys = await Promise.all(names.map((name) => loadPrivateKey(visit.fixtures().userKey(name))));
  return visit.connect({ keys }).then(
    () => "a login",
    (error: unknown) => error,
  );
}

async function asked(visit: Visit, request: SessionRequest): Promise<unknown> {
  const { connection } = await visit.connect();
  connection.session(request).catch(() => undefined); // it may be accepted before the end, or not
  return connection.closed;
}

function atLeast(least: number, { heard }: Login): string {
  const rekeys = heard.received(KEXINIT) - 1;
  ok(rekeys >= least, `${rekeys} rekeys, at least ${least} were due`);
  return `${rekeys} rekeys`;
}

/** The server's own punishment of those who fail often; its target has it turned on. */
export const penalties: Case = {
  id: "penalties",
  sentence: "a server that punishes failed logins closes the door, and what we say of it is no riddle",
  isSpecial: true,
  needs: ["fixtures"],
  run: async (visit) => punished(visit),
};

async function punished(visit: Visit): Promise<string> {
  const stranger = await loadPrivateKey(visit.fixtures().userKey("stranger"));
  const said: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const error = await visit.connect({ keys: [stranger] }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    ok(error !== undefined, "a stranger was let in");
    said.push(`${error.name}: ${error.message}`);
    if (error.name !== "AuthError") break;
  }
  const last = said.at(-1) ?? "";
  if (last.startsWith("AuthError")) throw new NotOffered("the server punished nobody");
  ok(said.length > 1, `at the first try: ${last}`);
  return last;
}
