/** A visit to a site: connections that keep what they heard, the command's flags, and an end of all that was opened. */
import { connectTcp, knownHostsTrust, loadPrivateKey, type Notice, type SshConnection } from "../../src/index.ts";
import { builtCommand } from "../support/command.ts";
import type { Changes, Heard, Login, Site, Visit } from "./case.ts";

export interface OpenVisit extends Visit {
  leave(): Promise<void>;
}

/** Opens a visit. `signal` ends the attempts to connect. Await `leave` when the case is over. */
export function visit(site: Site, signal: AbortSignal): OpenVisit {
  const ends: (() => unknown)[] = [];
  return {
    site,
    connect: async (changes = {}) => {
      const login = await logIn(site, changes, signal, listen());
      ends.push(() => login.connection.close());
      return login;
    },
    command: (flags, without = []) => {
      const own = Object.entries(flagsOf(site)).filter(([name]) => !without.includes(name));
      const args = [builtCommand, ...own.flat().filter((word) => word !== ""), ...flags];
      return { command: process.execPath, args };
    },
    afterwards: (end) => void ends.push(end),
    fixtures: () => {
      if (site.fixtures === undefined) throw new Error("this site has no keys of the suite");
      return site.fixtures;
    },
    leave: async () => {
      for (const end of ends.reverse()) {
        try {
          await end();
        } catch {
          // the case has its verdict already
        }
      }
    },
  };
}

function flagsOf({ host, port, user, clientKey, knownHosts, ...site }: Site): Readonly<Record<string, string>> {
  return {
    "--host": host,
    "--port": String(port),
    "--username": user,
    "--client-key": clientKey,
    ...(knownHosts === undefined ? {} : { "--known-hosts": knownHosts }),
    ...(site.allowChachaWithoutStrictKex === true ? { "--allow-chacha-without-strict-kex": "" } : {}),
    "--ssh-config": "none",
  };
}

/** What a server says of itself to whoever connects, let in or not. */
export async function listenTo(site: Site): Promise<{ readonly heard: Heard; readonly serverVersion: string }> {
  const listening = listen();
  const signal = AbortSignal.timeout(30_000);
  const login = await logIn(site, {}, signal, listening).catch(() => undefined);
  await login?.connection.close();
  const said = listening.heard.traces.find((text) => text.startsWith(VERSION))?.slice(VERSION.length) ?? "";
  return { heard: listening.heard, serverVersion: said };
}

async function logIn(
  site: Site,
  changes: Changes,
  signal: AbortSignal,
  ears: ReturnType<typeof listen>,
): Promise<Login> {
  const { host, port } = site;
  const { knownHosts = site.knownHosts, keys, ...rest } = changes;
  const trust = await knownHostsTrust({ host, port, ...(knownHosts === undefined ? {} : { files: [knownHosts] }) });
  const { heard, onNotice, onProgress } = ears;
  const connection: SshConnection = await connectTcp({
    host,
    port,
    user: site.user,
    allowChachaWithoutStrictKex: site.allowChachaWithoutStrictKex ?? false,
    keys: keys ?? [await loadPrivateKey(site.clientKey, passphraseOf(site))],
    ...trust,
    ...rest,
    signal,
    trace: true,
    onNotice,
    onProgress,
  });
  return { connection, heard };
}

function passphraseOf({ passphrase }: Site): { readonly passphrase?: string } {
  return passphrase === undefined ? {} : { passphrase };
}

function listen() {
  const traces: string[] = [];
  const banner: string[] = [];
  const refusedEnv: string[] = [];
  const told = { authenticatedBy: "", negotiated: {} as Record<string, string | boolean> };
  const count = (how: string, name: string) => traces.filter((text) => text.startsWith(`${how} ${name},`)).length;
  const heard: Heard = {
    traces,
    banner,
    refusedEnv,
    get authenticatedBy() {
      return told.authenticatedBy;
    },
    get negotiated() {
      return told.negotiated;
    },
    offer: () => offerIn(traces),
    received: (name) => count("received", name),
    sent: (name) => count("sent", name),
  };
  return {
    heard,
    onNotice: (notice: Notice) => {
      if (notice.type === "trace") traces.push(notice.text);
      if (notice.type === "banner") banner.push(...notice.lines);
      if (notice.type === "env-refused") refusedEnv.push(notice.name);
    },
    onProgress: (progress: { type: string; algorithms?: object; by?: string }) => {
      if (progress.algorithms !== undefined) told.negotiated = { ...progress.algorithms };
      if (progress.by !== undefined) told.authenticatedBy = progress.by;
    },
  };
}

const VERSION = "server version ";
const KEXINIT = "server KEXINIT: ";

function offerIn(traces: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const text = traces.find((trace) => trace.startsWith(KEXINIT))?.slice(KEXINIT.length) ?? "";
  return Object.fromEntries(
    text.split(" ").map((list) => {
      const [name = "", names = ""] = list.split("=");
      return [name, names.split(",")];
    }),
  );
}
