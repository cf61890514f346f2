/**
 * A Cloudflare Worker that calls a tool of an MCP server over SSH: `GET /?tool=echo&input={"message":"hi"}`; without a tool
 * it lists them. Whoever may call this worker may call those tools: put your own authentication in front of it.
 */
import { connect as connectSocket } from "cloudflare:sockets";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { SshClientTransport } from "mcp-ssh-client/mcp";
import { connect, HostKeyError, parsePrivateKey, signerOf } from "mcp-ssh-client/ssh";

/** Variables and secrets of the worker. */
interface Env {
  readonly SSH_HOST: string;
  readonly SSH_PORT: string;
  readonly SSH_USER: string;
  /** The text of a private key file without a passphrase: a secret. */
  readonly SSH_KEY: string;
  /** The one host key that is trusted, by its fingerprint: `SHA256:...` as `ssh-keygen -l` prints it. */
  readonly SSH_HOST_KEY: string;
  readonly SSH_COMMAND: string;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const tool = searchParams.get("tool");
    // The SDK's usual validator compiles code from texts, which a worker may not.
    const jsonSchemaValidator = new CfWorkerJsonSchemaValidator();
    const client = new Client({ name: "worker-example", version: "1.0.0" }, { jsonSchemaValidator });
    await client.connect(transportTo(env));
    try {
      if (tool === null) return Response.json(await client.listTools());
      const input = JSON.parse(searchParams.get("input") ?? "{}");
      return Response.json(await client.callTool({ name: tool, arguments: input }));
    } finally {
      await client.close();
    }
  },
};

function transportTo(env: Env): SshClientTransport {
  return new SshClientTransport({
    open: async (signal) => {
      const address = { hostname: env.SSH_HOST, port: Number(env.SSH_PORT) };
      const connection = await connect(connectSocket(address, { allowHalfOpen: true }), {
        user: env.SSH_USER,
        keys: [signerOf(parsePrivateKey(env.SSH_KEY))],
        verifyHostKey: ({ fingerprint }) => {
          if (fingerprint !== env.SSH_HOST_KEY) throw new HostKeyError(`the server shows ${fingerprint}`, "rejected");
        },
        signal,
      });
      const session = connection.session({ exec: env.SSH_COMMAND }, { signal });
      session.catch(() => connection.close()); // nobody else would
      return { connection, session: await session };
    },
  });
}
