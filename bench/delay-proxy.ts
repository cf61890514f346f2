/**
 * Delay proxy: a TCP relay that hands each piece on after so many milliseconds, in order and at any rate: a far server
 * without leaving the machine. A process of its own. Arguments: port to relay to, milliseconds one way. Prints its port.
 *
 * The handshake of TCP is part of the distance: SYN, its answer and the ACK each take their time before the server hears
 * of a client and before the client's first bytes arrive.
 */
import { type AddressInfo, createServer, Socket } from "node:net";

const [targetPort = 0, delay = 0] = process.argv.slice(2).map(Number);
const mostInFlight = 64 * 1024 * 1024; // above any window of SSH; what is beyond it stays with the sender
const timerGrain = 0.5; // milliseconds: a timer that fires so much early counts

const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
  const accepted = performance.now() + 3 * delay;
  const far = new Socket({ allowHalfOpen: true }).setNoDelay(true); // as an option of connect() it would do nothing
  setTimeout(() => far.connect({ host: "127.0.0.1", port: targetPort }), 3 * delay);
  relay(near, far, accepted);
  relay(far, near, accepted);
  for (const socket of [near, far]) {
    socket.on("error", () => undefined);
    socket.on("close", () => (socket === near ? far : near).destroySoon());
  }
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));

/** One direction. A piece without bytes is the end. */
interface Piece {
  readonly due: number;
  readonly bytes: Uint8Array | undefined;
}

function relay(from: Socket, to: Socket, accepted: number): void {
  const pieces: Piece[] = [];
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;
  const add = (bytes: Uint8Array | undefined): void => {
    pieces.push({ due: Math.max(performance.now() + delay, accepted), bytes });
    inFlight += bytes?.length ?? 0;
    if (inFlight >= mostInFlight) from.pause();
    schedule();
  };
  const schedule = (): void => {
    const [first] = pieces;
    if (first === undefined || timer !== undefined || to.pending || to.writableNeedDrain) return;
    timer = setTimeout(deliver, Math.max(0, first.due - performance.now()));
  };
  const deliver = (): void => {
    timer = undefined;
    const now = performance.now() + timerGrain;
    for (let first = pieces[0]; first !== undefined && first.due <= now && !to.writableNeedDrain; first = pieces[0]) {
      pieces.shift();
      inFlight -= first.bytes?.length ?? 0;
      if (first.bytes === undefined) to.end();
      else to.write(first.bytes);
    }
    if (inFlight < mostInFlight) from.resume();
    schedule();
  };
  from.on("data", add);
  from.on("end", () => add(undefined));
  to.on("connect", schedule);
  to.on("drain", schedule);
}
