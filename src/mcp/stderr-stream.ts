/** Stderr stream: the remote's stderr for whoever reads it, over the sessions that it comes from. */
import type { StderrLines } from "./remote-text.ts";

/** How far a shell's stderr is read before anybody reads it, bytes. */
const AHEAD = 16 * 1024;

/** The same stream, the beginning of which `lines` hears also where nobody reads it. */
export function overheard(stderr: ReadableStream<Uint8Array>, lines: StderrLines): ReadableStream<Uint8Array> {
  const ear = new TransformStream<Uint8Array, Uint8Array>(
    {
      transform(chunk, controller) {
        lines.push(chunk);
        controller.enqueue(chunk);
      },
    },
    undefined,
    { highWaterMark: AHEAD, size: (chunk) => chunk.length },
  );
  return stderr.pipeThrough(ear);
}

/** What the sources give, one after the other; read only when it is read from. */
export function inTurn(
  sources: readonly Promise<ReadableStream<Uint8Array> | undefined>[],
): ReadableStream<Uint8Array> {
  const waiting = [...sources];
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const next = await reader?.read();
          if (next?.value !== undefined) return controller.enqueue(next.value);
          const source = waiting.shift();
          if (source === undefined) return controller.close();
          reader = (await source)?.getReader();
        }
      },
      async cancel(reason) {
        await reader?.cancel(reason);
        for (const source of waiting) void source.then((stream) => stream?.cancel(reason)).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
