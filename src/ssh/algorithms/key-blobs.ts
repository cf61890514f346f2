/**
 * Key blobs: how the blobs of public keys and signatures are read while keys are exchanged. RFC 4253 §6.6.
 *
 * Law: strictly. known_hosts compares spellings, so a key or a signature that has a second one is refused.
 */
import { kexRefusal, ProtocolError } from "../errors.ts";
import { printable } from "../printable.ts";
import { decodeFields, type Fields, type FieldValues } from "../wire.ts";

/** Fields of a blob, which begins with its type. */
export type BlobFields = Fields & { readonly type: "text" };

/**
 * The fields of a blob of type `type`; byte fields are views of it. `what` names it in errors, as in `host key`.
 * @throws ProtocolError (disconnect reason 3) if it is malformed, of another type, or has trailing bytes.
 */
export function decodeBlob<F extends BlobFields>(
  what: string,
  type: string,
  fields: F,
  blob: Uint8Array,
  section: string,
): FieldValues<F> {
  const head = decodeWithin(what, { type: "text", rest: "rest" }, blob, section);
  if (head.type !== type) throw kexRefusal(`${what} of type ${printable(head.type)}, expected ${type}`, section);
  return decodeWithin(what, fields, blob, section);
}

/** The fields of what stands inside of a blob. @throws ProtocolError (disconnect reason 3) as `decodeBlob` does. */
export function decodeWithin<F extends Fields>(
  what: string,
  fields: F,
  bytes: Uint8Array,
  section: string,
): FieldValues<F> {
  try {
    return decodeFields(what, fields, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw kexRefusal(error.message, section);
    throw error;
  }
}
