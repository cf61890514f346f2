/** The MCP server that runs behind every SSH server of the suite: the official SDK's, bundled into one file. */
import { createHash } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
const server = new McpServer({ name: "interop", version: "1.0.0" });

server.registerTool("echo", { description: "Gives back", inputSchema: { message: z.string() } }, ({ message }) =>
  text(message),
);
server.registerTool("sum", { description: "Adds", inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) =>
  text(String(a + b)),
);
server.registerTool("hash", { description: "SHA-256 in hex", inputSchema: { message: z.string() } }, ({ message }) =>
  text(createHash("sha256").update(message).digest("hex")),
);

await server.connect(new StdioServerTransport());
