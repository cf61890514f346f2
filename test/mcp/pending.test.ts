import { expect, it } from "vitest";
import { EnvelopeScanner } from "../../src/mcp/envelope.ts";
import { messageId } from "../../src/mcp/message-id.ts";
import { enter, PendingRequests } from "../../src/mcp/pending.ts";
import { utf8 } from "./cuts.ts";
import { request, result } from "./fakes.ts";

function verdictOf(line: string) {
  const scanner = new EnvelopeScanner();
  scanner.scan(utf8(line));
  return scanner.end();
}

const methods = (book: PendingRequests) => book.all.map(({ method }) => method);

it("a server's requests are booked the other way, until the host answers or the server cancels", () => {
  const host = new PendingRequests();
  const server = new PendingRequests();
  for (const line of [
    request(0, "roots/list"),
    request(1, "sampling/createMessage"),
    request(2, "elicitation/create"),
  ]) {
    enter(verdictOf(line), server, host);
  }
  enter(verdictOf(request(0, "tools/call")), host, server);
  expect(methods(server)).toEqual(["roots/list", "sampling/createMessage", "elicitation/create"]);
  enter(verdictOf(result(0)), host, server);
  const cancelled = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}';
  enter(verdictOf(cancelled), server, host);
  expect(methods(server)).toEqual(["sampling/createMessage"]);
  expect(methods(host)).toEqual(["tools/call"]);
});

it("a book with a bound forgets the oldest", () => {
  const book = new PendingRequests(2);
  for (const token of ["1", "2", "3"]) book.add(messageId(utf8(token)), token);
  expect(methods(book)).toEqual(["2", "3"]);
});

it("a request without an id that can be tracked is not booked", () => {
  const host = new PendingRequests();
  const long = request("x".repeat(2000));
  expect(enter(verdictOf(long), host, new PendingRequests()).asked).toEqual([]);
});
