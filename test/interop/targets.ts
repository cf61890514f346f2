/**
 * The servers that `npm run test:interop` starts from images, as data. What an image must do: servers/README.md. What a
 * server cannot do stands here with its reason; the runner checks that it still cannot.
 */

/** How a server is asked for a program. */
export type Remote = { readonly exec: string } | { readonly subsystem: string } | { readonly shell: true };

/** A case that a server cannot pass. */
export interface Difference {
  /** The case's id: `--list` shows them. */
  readonly case: string;
  /** A sentence for the report: why, and whose choice it is. */
  readonly reason: string;
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
  /** Only these cases concern it; all unless given. */
  readonly cases?: readonly string[];
  readonly differences: readonly Difference[];
}

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
    name: "ssh2",
    server: "npm ssh2",
    version: `node -p '"ssh2 " + require("/server/node_modules/ssh2/package.json").version'`,
    differences: [],
  },
  {
    name: "asyncssh",
    server: "AsyncSSH (Python)",
    version: `/venv/bin/python -c 'import asyncssh; print("asyncssh", asyncssh.__version__)'`,
    differences: [],
  },
  {
    name: "paramiko",
    server: "Paramiko (Python)",
    version: `/venv/bin/python -c 'import paramiko; print("paramiko", paramiko.__version__)'`,
    differences: [],
  },
  {
    name: "go",
    server: "Go x/crypto/ssh",
    version: "sed -n 's/^require \\(.*crypto .*\\)/\\1/p' /server/go.mod",
    differences: [],
  },
];
