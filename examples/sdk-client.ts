/**
 * The MCP SDK's client over SSH: calls one tool of an MCP server that is started on another machine.
 *
 *     node sdk-client.ts ssh://ada@build.example 'npx -y @modelcontextprotocol/server-everything' echo '{"message":"hi"}'
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { connectTcp, loadPrivateKey, SshClientTransport } from "mcp-ssh-client";

const [address = "", command = "", tool = "", input = "{}"] = process.argv.slice(2);
const { hostname, port, username } = new URL(address);

const transport = new SshClientTransport({
  open: async (signal) => {
    const keys = [await loadPrivateKey("~/.ssh/id_ed25519")];
    const connection = await connectTcp({ host: hostname, port: Number(port || 22), user: username, keys, signal });
    const session = connection.session({ exec: command }, { signal });
    session.catch(() => connection.close()); // nobody else would
    return { connection, session: await session };
  },
});
transport.onerror = (error) => process.stderr.write(`${error.message}\n`);

const client = new Client({ name: "sdk-client-example", version: "1.0.0" });
await client.connect(transport);
const result = await client.callTool({ name: tool, arguments: JSON.parse(input) });
process.stdout.write(`${JSON.stringify(result.content)}\n`);
await client.close();
