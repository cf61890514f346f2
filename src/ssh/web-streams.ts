/**
 * Web streams: the two ways between them and the plain sources and sinks of `connection.ts`. Ours are plain inside and
 * become web streams only for whoever asks for one; what a caller brings may be either.
 */
import type { ByteDuplex, ByteSink, ByteSource, DirectBytes } from "./connection.ts";

const writableHighWaterMark = 64 * 1024;

/** The plain halves of a duplex: its own, or those of its streams, which are taken. */
export function directOf(duplex: ByteDuplex): DirectBytes {
  return duplex.direct ?? { source: sourceOf(duplex.readable), sink: sinkOf(duplex.writable) };
}

/** Takes `stream`, unless it is plain already. */
export function sourceOf(stream: ReadableStream<Uint8Array> | ByteSource): ByteSource {
  if ("read" in stream) return stream;
  const reader = stream.getReader();
  return {
    read: async () => bytesOf((await reader.read()).value),
    cancel: () => reader.cancel(),
  };
}

/** A text, or an ArrayBuffer, would count as a chunk without bytes, or with others. */
function bytesOf(chunk: Uint8Array | undefined): Uint8Array | undefined {
  if (chunk === undefined || ArrayBuffer.isView(chunk)) return chunk;
  throw new TypeError("a stream of bytes gave a chunk that is no Uint8Array");
}

/** Takes `stream`, unless it is plain already. */
export function sinkOf(stream: WritableStream<Uint8Array> | ByteSink): ByteSink {
  if ("write" in stream) return stream;
  const writer = stream.getWriter();
  return {
    write: (bytes) => writer.write(bytes.slice()), // what becomes of a chunk behind a web stream is anybody's guess
    close: () => writer.close(),
    abort: () => writer.abort(),
    broken: new Promise((resolve) => {
      writer.closed.catch(resolve);
    }),
  };
}

/**
 * A duplex whose streams are made when they are asked for. `isLent`: what the source gives is valid until the next is
 * asked for; its stream then gives copies, since pipes and tees read on before a chunk is used.
 */
export function duplexOf(direct: DirectBytes, isLent = false): ByteDuplex {
  let readable: ReadableStream<Uint8Array> | undefined;
  let writable: WritableStream<Uint8Array> | undefined;
  return {
    direct,
    get readable() {
      readable ??= readableOf(isLent ? copying(direct.source) : direct.source);
      return readable;
    },
    get writable() {
      writable ??= writableOf(direct.sink);
      return writable;
    },
  };
}

/** A source whose chunks are the reader's for good, from one that lends them. */
export function copying(source: ByteSource): ByteSource {
  return { read: async () => (await source.read())?.slice(), cancel: () => source.cancel() };
}

/** Reads from `source` only when it is read from. */
export function readableOf(source: ByteSource): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const bytes = await source.read();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}

/** Gives `sink` one chunk at a time; an abort does not wait for that one. */
export function writableOf(sink: ByteSink): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>(
    {
      start: (controller) => {
        void sink.broken.then((error) => controller.error(error));
        controller.signal.addEventListener("abort", () => void sink.abort(), { once: true });
      },
      write: (bytes) => sink.write(bytes),
      close: () => sink.close(),
    },
    { highWaterMark: writableHighWaterMark, size: (bytes) => bytes.length },
  );
}
