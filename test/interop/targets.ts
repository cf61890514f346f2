/**
 * The servers that `npm run test:interop` starts from images, as data. What an image must do: servers/README.md. What a
 * server cannot do stands here with its reason; the runner checks that it still cannot.
 */

/** How a server is asked for a program. */
export type Remote = { readonly exec: string } | { readonly subsystem: string } | { readonly shell: true };

/** What a server ends the connection for, by a DISCONNECT: keys that it does not know, or because it is asked to. */
export type Farewell = "wrong keys" | { readonly subsystem: string };

/** A case that a server cannot pass. */
export interface Difference {
  /** The case's id: `--list` shows them. */
  readonly case: string;
  /** A sentence for the report: why, and whose choice it is. */
  readonly reason: string;
  /** Whether it passes at times, or in some versions. Only where the reason says why. */
  readonly isErratic?: boolean;
}

export interface Target {
  /** The compose service; what `--only` names. */
  readonly name: string;
  /** As a person calls it. */
  readonly server: string;
  /** A shell command in its container that prints the version. */
  readonly version: string;
  /** How it is asked for its MCP server: the subsystem `mcp` unless given. */
  readonly mcp?: Remote;
  /** `wrong keys` unless given. */
  readonly farewell?: Farewell;
  /** The user key that it takes, by its name in fixtures.ts: `ssh-ed25519` unless given. */
  readonly userKey?: string;
  /** Only these cases concern it; all unless given. */
  readonly cases?: readonly string[];
  readonly differences: readonly Difference[];
}

const asked: Farewell = { subsystem: "disconnect" };

/** The version of a Debian package, for `Target.version`. */
export const debianVersion = (name: string): string => `dpkg-query -W -f '\${Package} \${Version}' ${name}`;

/** Cases that cannot pass for one reason. */
export function unable(reason: string, ...cases: readonly string[]): readonly Difference[] {
  return cases.map((id) => ({ case: id, reason }));
}

export const targets: readonly Target[] = [
  {
    name: "openssh-9.2",
    server: "OpenSSH 9.2 (Debian 12)",
    version: debianVersion("openssh-server"),
    differences: [],
  },
  {
    name: "openssh-10",
    server: "OpenSSH 10 (Debian 13)",
    version: debianVersion("openssh-server"),
    differences: [],
  },
  {
    name: "openssh-10-penalties",
    server: "OpenSSH 10 with PerSourcePenalties (Debian 13)",
    version: debianVersion("openssh-server"),
    cases: ["penalties"],
    differences: [],
  },
  {
    name: "openssh-fips",
    server: "OpenSSH 10 with what FIPS 140 allows (Debian 13)",
    version: debianVersion("openssh-server"),
    userKey: "ecdsa-sha2-nistp256",
    differences: unable(
      "Ed25519 is turned off",
      "user-key:ssh-ed25519",
      "key-file:openssh-encrypted",
      "key-file:pkcs8-ed25519",
      "key-file:pkcs8-ed25519-encrypted",
      "user-certificate",
    ),
  },
  {
    name: "dropbear",
    server: "Dropbear (Debian 12)",
    version: debianVersion("dropbear-bin"),
    mcp: { exec: "node /interop/mcp-server.mjs" },
    differences: [
      ...unable("Dropbear starts a rekey after 1 GB or 8 hours, which is compiled in", "rekey-by-them"),
      ...unable("Dropbear has no subsystem but sftp", "subsystem"),
      ...unable("Dropbear takes no env request", "env"),
      ...unable("Dropbear never sends a DISCONNECT", "disconnect-theirs"),
      ...unable("Dropbear has no certificates", "user-certificate", "host-certificate"),
    ],
  },
  {
    name: "tinyssh",
    server: "TinySSH (Debian 13)",
    version: debianVersion("tinysshd"),
    differences: [
      { case: "rekey-idle", reason: "TinySSH may lose what comes in one segment with NEWKEYS", isErratic: true },
      ...unable("TinySSH has one session a connection", "twenty-channels"),
      ...unable("TinySSH sends no EXT_INFO", "ext-info"),
      ...unable("TinySSH never starts a rekey", "rekey-by-them"),
      ...unable("TinySSH takes every variable", "env-refused"),
      ...unable("TinySSH delivers no signals", "signal"),
      ...unable("TinySSH tells the end of a program's output with the program's end only", "eof-theirs-first"),
      ...unable(
        "TinySSH takes Ed25519 keys only",
        ...["user-key:ecdsa-sha2-nistp256", "user-key:ecdsa-sha2-nistp384", "user-key:ecdsa-sha2-nistp521"],
        ...["user-key:ssh-rsa", "key-file:pkcs1-rsa", "key-file:pkcs1-rsa-encrypted", "key-file:sec1-ecdsa"],
        ...["key-file:pkcs8-rsa", "key-file:pkcs8-ecdsa", "key-file:pkcs8-rsa-encrypted"],
        ...["key-file:sec1-ecdsa-encrypted", "key-file:pkcs8-ecdsa-encrypted"],
      ),
      ...unable("TinySSH has no certificates", "user-certificate", "host-certificate"),
      ...unable("TinySSH has no banner", "banner"),
      ...unable("TinySSH never sends a DISCONNECT", "disconnect-theirs"),
    ],
  },
  {
    name: "reference",
    server: "m2m-mcp-server-ssh-server (PyPI)",
    version: "/venv/bin/pip list 2>/dev/null | grep -iE '^(m2m|mcp|asyncssh|pydantic) ' | tr -s ' ' | tr '\\n' ' '",
    mcp: { shell: true },
    differences: [
      ...unable(
        "it has a shell request for MCP, and refuses exec, subsystem and env",
        ...["exec", "shell", "subsystem", "env", "env-refused", "exit-status", "exit-signal", "signal", "stderr"],
        ...["eof-ours-first", "eof-theirs-first", "volume-down", "volume-up", "tiny-windows", "twenty-channels"],
        ...["rekey-by-us", "rekey-by-them", "rekey-by-both"],
      ),
      ...unable("without its key server it lets in whoever comes", "wrong-key", "wrong-user", "user-certificate"),
      ...unable("it has no banner", "banner"),
      ...unable("it has no reason to send a DISCONNECT", "disconnect-theirs"),
    ],
  },
  {
    name: "reference-key-server",
    server: "m2m-mcp-server-ssh-server with its key server (PyPI)",
    version: "/venv/bin/pip list 2>/dev/null | grep -iE '^m2m' | tr -s ' '",
    mcp: { shell: true },
    cases: ["key-server"],
    differences: [],
  },
  {
    name: "ssh2",
    server: "npm ssh2",
    farewell: asked,
    version: `node -p '"ssh2 " + require("/server/node_modules/ssh2/package.json").version'`,
    differences: [
      ...unable(
        "exit() of ssh2 1.17.0 does nothing once EOF is sent, so the EOF of a program's output goes with its exit status",
        "eof-theirs-first",
      ),
      ...unable("ssh2 knows no certificates", "user-certificate", "host-certificate"),
    ],
  },
  {
    name: "asyncssh",
    server: "AsyncSSH (Python)",
    farewell: asked,
    version: `/venv/bin/python -c 'import asyncssh; print("asyncssh", asyncssh.__version__)'`,
    differences: [...unable("AsyncSSH takes every variable, whatever the program then does with it", "env-refused")],
  },
  {
    name: "paramiko",
    server: "Paramiko (Python)",
    version: `/venv/bin/python -c 'import paramiko; print("paramiko", paramiko.__version__)'`,
    differences: [
      ...unable(
        "Paramiko's server can tell an exit status only, so it tells 128 and the signal's number",
        "exit-signal",
      ),
      ...unable("Paramiko's server has no hook for the request `signal`, and refuses it", "signal"),
      ...unable("Paramiko sends a DISCONNECT after ten wrong keys only, and we stop at five", "disconnect-theirs"),
      ...unable("Paramiko starts a rekey at 512 MiB, which cannot be set", "rekey-by-them"),
      ...unable("Paramiko's server knows no certificates", "user-certificate", "host-certificate"),
    ],
  },
  {
    name: "go",
    server: "Go x/crypto/ssh",
    version: "sed -n 's/^require \\(.*crypto .*\\)/\\1/p' /server/go.mod",
    differences: [],
  },
  {
    name: "russh",
    server: "russh (Rust)",
    version: 'sed -n \'s/^russh = .*version = "=\\([^"]*\\)".*/russh \\1/p\' /server/Cargo.toml',
    // RFC 4253 §7.1 forbids it, OpenSSH's ssh refuses it too. 0.63.2 is mended, and needs a Rust newer than Debian 13's.
    differences: ["rekey-by-them", "rekey-by-both", "volume-down"].map((id) => ({
      case: id,
      reason: "russh 0.63.0 may send data behind its KEXINIT (Eugeny/russh#761), when it starts a rekey under load",
      isErratic: true,
    })),
  },
  {
    name: "libssh",
    server: "libssh (C)",
    farewell: asked,
    version: debianVersion("libssh-4"),
    differences: [
      ...unable(
        "it has no ML-KEM, one key of ECDSA and no certificates, and where nothing is in common closes before its KEXINIT is out",
        "kex:mlkem768x25519-sha256",
        "host-key:ecdsa-sha2-nistp384",
        "host-key:ecdsa-sha2-nistp521",
        "host-key:ssh-ed25519-cert-v01@openssh.com",
        "host-key:ecdsa-sha2-nistp256-cert-v01@openssh.com",
        "host-key:ecdsa-sha2-nistp384-cert-v01@openssh.com",
        "host-key:ecdsa-sha2-nistp521-cert-v01@openssh.com",
        "host-key:rsa-sha2-512-cert-v01@openssh.com",
        "host-key:rsa-sha2-256-cert-v01@openssh.com",
      ),
      ...unable("libssh's server knows no certificates", "user-certificate", "host-certificate"),
    ],
  },
  {
    name: "erlang",
    server: "Erlang/OTP ssh",
    version: debianVersion("erlang-ssh"),
    differences: [
      ...unable("OTP's ssh has no function that tells a signal, so 128 and its number is told", "exit-signal"),
      ...unable(
        "OTP looks only once a minute whether its rekey_limit is reached, and 48 MiB come faster",
        "rekey-by-them",
      ),
      ...unable("OTP's ssh counts no wrong keys, and ssh:close sends no DISCONNECT", "disconnect-theirs"),
      ...unable("OTP's ssh knows no certificates", "user-certificate", "host-certificate"),
      ...unable("OTP's daemon sends no banner", "banner"),
    ],
  },
  {
    name: "mina",
    server: "Apache MINA SSHD (Java)",
    version: "ls /server/lib | sed -n 's/^sshd-core-\\(.*\\)\\.jar/sshd-core \\1/p'",
    differences: [
      ...unable("MINA takes every variable, whatever the program then does with it", "env-refused"),
      ...unable(
        "MINA's server tells an exit status only, and Java no signal, so 128 and its number is told",
        "exit-signal",
      ),
      ...unable("MINA sends its EOF with the exit status and offers nothing to send it earlier", "eof-theirs-first"),
    ],
  },
];
