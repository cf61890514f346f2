/**
 * Trusted connect: a connection whose host key is judged, with another try where the judge knows that the server may hold
 * the right key beside the one that it showed.
 */
import { connect } from "../ssh/connect.ts";
import type { ByteDuplex, ConnectOptions, SshConnection } from "../ssh/connection.ts";
import { HostKeyError, NegotiationError } from "../ssh/errors.ts";
import type { HostTrust } from "./trust.ts";

/**
 * Connects. A fingerprint does not tell the type of the key that it pins, and the list that decides which key is shown has
 * crossed by the time: so another connection, for the keys of other types. It offers less and is judged alike. `open`:
 * gives a way to the server, another one each time; `onAgain` is told of each refusal that leads to another try.
 * @throws what `open` and `connect` throw; the last HostKeyError where the server has no other key
 */
export async function connectTrusted(
  open: () => Promise<ByteDuplex>,
  options: ConnectOptions,
  trust: Pick<HostTrust, "otherHostKeyAlgorithms"> | undefined,
  onAgain: (refusal: HostKeyError) => void,
): Promise<SshConnection> {
  let refusal: HostKeyError | undefined;
  for (let offer = options; ; ) {
    try {
      return await connect(await open(), offer);
    } catch (error) {
      const isNoneLeft = error instanceof NegotiationError && error.list === "host key algorithm";
      if (refusal !== undefined && isNoneLeft) throw refusal;
      const hostKeyAlgorithms = error instanceof HostKeyError ? (trust?.otherHostKeyAlgorithms() ?? []) : [];
      if (!(error instanceof HostKeyError) || hostKeyAlgorithms.length === 0) throw error;
      refusal = error;
      offer = { ...options, hostKeyAlgorithms };
      onAgain(error);
    }
  }
}
