/** Reference server: what may be m2m-mcp-server-ssh-server, and what a person does about it. Its habits stand apart. */
import type { RemoteSession } from "./link.ts";

/** Whether the remote is taken for it: as it looks, or by the user's word. */
export type ReferenceServerMode = "auto" | "on" | "off";

/** Whether a remote may be it: it stands on AsyncSSH, and serves a shell request only. */
export function mayBeReferenceServer({ connection, isShell }: RemoteSession): boolean {
  return isShell === true && connection.serverVersion.startsWith("SSH-2.0-AsyncSSH_");
}

/** What to do about its silence, and about its end without a word; a sentence without the full stop. */
export const REFERENCE_CURE: string =
  "If it is m2m-mcp-server-ssh-server: it is silent where one entry of its servers.json does not start, and with newer " +
  "libraries than it was made for. Start it there with: uvx --with 'mcp<1.8' --with 'pydantic<2.13' --from " +
  "'m2m-mcp-server-ssh-server[key-server]==0.1.0' m2m-mcp-server-ssh-server";
