/**
 * Trusted connect: a connection whose host key is judged, with another try where the judge knows that the server may hold
 * the right key beside the one that it showed, or where the server lacks strict kex and has AES.
 */

import type { AlgorithmTable } from "../ssh/algorithms/interfaces.ts";
import { connect } from "../ssh/connect.ts";
import type { ByteDuplex, ConnectOptions, SshConnection } from "../ssh/connection.ts";
import { HostKeyError, NegotiationError } from "../ssh/errors.ts";
import { isAes, withAesFirst } from "../ssh/rows.ts";
import type { HostTrust } from "./trust.ts";

/**
 * Connects. A fingerprint does not tell the type of the key that it pins, and the list that decides which key is shown has
 * crossed by the time: so another connection, for the keys of other types. It offers less and is judged alike. Nor is it
 * known before the offer whether the server takes part in strict kex: where it does not, and chacha20-poly1305 came first
 * in common, AES is, on another connection. `open`: gives a way to the server, another one each time; `onAgain` is told
 * of each refusal that leads to another try.
 * @throws what `open` and `connect` throw; the last HostKeyError where the server has no other key; the refusal for want
 *   of strict kex where AES has no MAC in common either
 */
export async function connectTrusted(
  open: () => Promise<ByteDuplex>,
  options: ConnectOptions,
  trust: Pick<HostTrust, "otherHostKeyAlgorithms"> | undefined,
  onAgain: (refusal: HostKeyError | NegotiationError) => void,
): Promise<SshConnection> {
  let refusal: HostKeyError | undefined;
  let lax: NegotiationError | undefined;
  for (let offer = options; ; ) {
    try {
      return await connect(await open(), offer);
    } catch (error) {
      if (offer.table !== undefined && lax === undefined && wantsAes(error, offer.table)) {
        lax = error;
        offer = { ...offer, table: withAesFirst(offer.table) };
        onAgain(error);
        continue;
      }
      if (lax !== undefined && error instanceof NegotiationError && error.list === "MAC") throw lax;
      const isNoneLeft = error instanceof NegotiationError && error.list === "host key algorithm";
      if (refusal !== undefined && isNoneLeft) throw refusal;
      const hostKeyAlgorithms = error instanceof HostKeyError ? (trust?.otherHostKeyAlgorithms() ?? []) : [];
      if (!(error instanceof HostKeyError) || hostKeyAlgorithms.length === 0) throw error;
      refusal = error;
      offer = { ...offer, hostKeyAlgorithms };
      onAgain(error);
    }
  }
}

/** Whether it was refused for the lack of strict kex with a cipher that needs it, and there is one that does not. */
function wantsAes(error: unknown, { cipher }: AlgorithmTable): error is NegotiationError {
  const isForStrictKex = error instanceof NegotiationError && error.list === "strict kex";
  return isForStrictKex && error.theirs.some((name) => isAes(name) && name in cipher);
}
