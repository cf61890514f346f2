/**
 * The MCP server of bench/command, as cheap as it goes, so that the link is what is measured: answers `initialize` and
 * `ping`, gives a MiB for `bench/download` and takes lines of any length for `bench/upload`.
 */
const mebibyte = "0123456789abcdef".repeat(65536);

const results = {
  initialize: `{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"bench","version":"1.0.0"}}`,
  ping: "{}",
  "bench/download": `{"text":"${mebibyte}"}`,
  "bench/upload": "{}",
};

let beginning = "";
process.stdin.on("data", (chunk) => {
  let start = 0;
  for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
    answer(keep(chunk.subarray(start, end)));
    beginning = "";
    start = end + 1;
  }
  keep(chunk.subarray(start));
});

/** Of a line its beginning is enough: the bench writes the id first. */
function keep(piece) {
  if (beginning.length < 256) beginning += piece.toString("latin1", 0, 256);
  return beginning;
}

function answer(line) {
  const [, id, method] = /"id":(\d+),"method":"([^"]+)"/.exec(line) ?? [];
  if (id !== undefined) process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":${results[method]}}\n`, "latin1");
}
