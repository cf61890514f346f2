/**
 * Another home for servers that look for ~/.ssh/authorized_keys and can be told no other place: a library answers their
 * look-ups in /etc/passwd (nss_wrapper, preloaded), so that nobody's real home is read or touched.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { marked } from "./processes.ts";
import type { Workplace } from "./ssh-server.ts";

const LIBRARY = "libnss_wrapper.so";

/** Why no other home can be shown to a program here; undefined where one can. */
export function missingFakeHome(): string | undefined {
  try {
    // The loader complains on stderr about what it cannot preload, and goes on.
    const complaint = execFileSync("/bin/sh", ["-c", `LD_PRELOAD=${LIBRARY} /bin/sh -c : 2>&1`], { encoding: "utf8" });
    return complaint === "" ? undefined : `no ${LIBRARY} here: install libnss-wrapper`;
  } catch (error) {
    return `no program can be preloaded here: ${String(error)}`;
  }
}

/** A login shell that marks all that it starts, for servers that start it with an environment of their own. */
export function markingShell(place: Workplace): string {
  const path = join(place.folder, "shell");
  const marks = Object.entries(marked(place.mark)).map(([name, value]) => `${name}=${value}`);
  writeFileSync(path, `#!/bin/sh\nexport HOME=${place.home} ${marks}\nexec /bin/sh "$@"\n`, { mode: 0o755 });
  return path;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly username: string;
}

/** The environment in which `place.user` lives in `place.home` and logs in to `shell`. */
export function fakeHome(
  place: Workplace,
  shell: string,
  { uid, gid, username }: Account = userInfo(),
): Record<string, string> {
  writeFileSync(join(place.folder, "passwd"), `${username}:x:${uid}:${gid}::${place.home}:${shell}\n`);
  writeFileSync(join(place.folder, "group"), `${username}:x:${gid}:\n`);
  writeFileSync(join(place.home, ".ssh", "authorized_keys"), `${place.clientPublicKey}\n`, { mode: 0o600 });
  return {
    PATH: process.env["PATH"] ?? "",
    LD_PRELOAD: LIBRARY,
    NSS_WRAPPER_PASSWD: join(place.folder, "passwd"),
    NSS_WRAPPER_GROUP: join(place.folder, "group"),
  };
}

/** A folder below which nobody else may write, up to the root: tinysshd asks for that. Undefined where there is none. */
export function strictFolder(): string | undefined {
  const candidates = [process.env["XDG_RUNTIME_DIR"], "/run", join(process.cwd(), "node_modules")];
  return candidates.find((path) => path !== undefined && isWritable(path) && isStrict(path));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isStrict(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o022) !== 0;
  return !isOpen && (dirname(path) === path || isStrict(dirname(path)));
}
