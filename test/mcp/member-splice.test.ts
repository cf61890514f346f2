/** Another id in a message: the bytes about it stay as they are. */
import { expect, it } from "vitest";
import { withId, withRequestId } from "../../src/mcp/member-splice.ts";
import { messageId } from "../../src/mcp/message-id.ts";
import { text, utf8 } from "./cuts.ts";

const id = messageId(utf8('"ours"'));

it.each([
  ["first", '{"id":0,"jsonrpc":"2.0","method":"m"}', '{"id":"ours","jsonrpc":"2.0","method":"m"}'],
  ["last", '{"jsonrpc":"2.0","id":12}', '{"jsonrpc":"2.0","id":"ours"}'],
  ["a text", '{"id":"a\\"}b","method":"m"}', '{"id":"ours","method":"m"}'],
  ["among spaces", ' { "id" : 1.0e3 , "method" : "m" } ', ' { "id" : "ours" , "method" : "m" } '],
  ["tabs and CR about it", '{"id"\t:\t7\r}\r', '{"id"\t:\t"ours"\r}\r'],
  ["an escaped key", '{"\\u0069d":1}', '{"\\u0069d":"ours"}'],
  ["twice", '{"id":1,"x":2,"id":3}', '{"id":"ours","x":2,"id":"ours"}'],
  ["ids deeper stay", '{"params":{"id":1,"a":[{"id":2}]},"id":3}', '{"params":{"id":1,"a":[{"id":2}]},"id":"ours"}'],
  ["a text that looks like one", '{"a":"\\"id\\":1","id":2}', '{"a":"\\"id\\":1","id":"ours"}'],
  [
    "behind numbers and words",
    '{"a":-1.5,"b":null,"c":[],"d":{},"id":1}',
    '{"a":-1.5,"b":null,"c":[],"d":{},"id":"ours"}',
  ],
  ["none", '{"method":"m"}', '{"method":"m"}'],
  ["an empty object", "{}", "{}"],
])("an id: %s", (_, given, expected) => {
  expect(text([withId(utf8(given), id)])).toBe(expected);
});

it.each([
  ['{"params":{"requestId":0,"reason":"r"},"id":9}', '{"params":{"requestId":"ours","reason":"r"},"id":9}'],
  ['{"requestId":1,"params":{"a":{"requestId":1}}}', '{"requestId":1,"params":{"a":{"requestId":1}}}'],
  ['{"params":[{"requestId":1}]}', '{"params":[{"requestId":1}]}'],
])("a requestId of params: %s", (given, expected) => {
  expect(text([withRequestId(utf8(given), id)])).toBe(expected);
});
