/**
 * A page that calls a tool of an MCP server over SSH. The relay carries ciphertext: it can cut the connection, but neither
 * read it nor take the server's place, since the host key is checked here.
 */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { CfWorkerJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/cfworker";
import { SshClientTransport } from "mcp-ssh-client/mcp";
import { connect, HostKeyError, parsePrivateKey, signerOf } from "mcp-ssh-client/ssh";
import { openWebSocket } from "./web-socket.ts";

const form = document.querySelector("form") as HTMLFormElement;
const output = document.querySelector("output") as HTMLOutputElement;

form.onsubmit = (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form)) as Record<string, string>;
  call(fields).then(show, show);
};

function show(outcome: unknown): void {
  output.textContent = outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : JSON.stringify(outcome);
}

/** Takes the form's fields: relay, user, key, hostKey (`SHA256:...`), command, tool, input. */
async function call({ tool = "", input = "{}", ...server }: Record<string, string>): Promise<unknown> {
  // The SDK's usual validator compiles code from texts, which a content security policy forbids.
  const jsonSchemaValidator = new CfWorkerJsonSchemaValidator();
  const client = new Client({ name: "browser-example", version: "1.0.0" }, { jsonSchemaValidator });
  await client.connect(transportTo(server));
  try {
    const { tools } = await client.listTools();
    const { content } = await client.callTool({ name: tool, arguments: JSON.parse(input) });
    return { tools: tools.map(({ name }) => name), content };
  } finally {
    await client.close();
  }
}

function transportTo({ relay = "", user = "", key = "", hostKey, command = "" }: Record<string, string>) {
  return new SshClientTransport({
    open: async (signal) => {
      const connection = await connect(await openWebSocket(relay), {
        user,
        keys: [signerOf(parsePrivateKey(key))],
        verifyHostKey: ({ fingerprint }) => {
          if (fingerprint !== hostKey) throw new HostKeyError(`the server shows ${fingerprint}`, "rejected");
        },
        signal,
      });
      const session = connection.session({ exec: command }, { signal });
      session.catch(() => connection.close()); // nobody else would
      return { connection, session: await session };
    },
  });
}
