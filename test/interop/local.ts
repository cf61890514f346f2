/** Servers that are programs of this machine, as the other tests start them: for where there is no Docker. */
import { missingDropbear, startDropbear } from "../support/dropbear.ts";
import { everythingCommand } from "../support/everything.ts";
import type { SshServer } from "../support/ssh-server.ts";
import { missingSshd, startSshd } from "../support/sshd.ts";
import { missingTinysshd, startTinysshd } from "../support/tinysshd.ts";
import type { Difference } from "./targets.ts";

export interface LocalTarget {
  readonly name: string;
  /** The target of targets.ts whose known differences it has: the same program, of another version perhaps. */
  readonly as: string;
  /** Why it cannot run here; undefined where it can. */
  readonly missing: () => string | undefined;
  readonly start: () => Promise<SshServer>;
  /** What is so in some versions only. */
  readonly differences?: readonly Difference[];
}

/** All of them run a command, and this one is an MCP server. */
export const localMcp = { exec: everythingCommand } as const;

export const localTargets: readonly LocalTarget[] = [
  { name: "local-sshd", as: "openssh-9.2", missing: missingSshd, start: () => startSshd() },
  { name: "local-dropbear", as: "dropbear", missing: missingDropbear, start: () => startDropbear() },
  {
    name: "local-tinysshd",
    as: "tinyssh",
    missing: missingTinysshd,
    start: () => startTinysshd(),
    differences: [{ case: "strict-kex", reason: "TinySSH has no strict kex before 2024", isErratic: true }],
  },
];
