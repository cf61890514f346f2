/** What each way to start the command must do: carry one MCP session with a real server, behind a real sshd. */
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect } from "vitest";
import { connectV1 } from "../support/mcp-client.ts";

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts it as a host does, and calls a tool of server-everything's. Rejects with the command's last words. */
export async function proveSession({ command, args, env = {} }: Start): Promise<void> {
  const transport = new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: "pipe" });
  let stderr = "";
  transport.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  try {
    const client = await connectV1(transport);
    const { content } = await client.tool("echo", { message: "across" });
    expect(content).toEqual([{ type: "text", text: "Echo: across" }]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${stderr}`);
  } finally {
    await transport.close();
  }
}
