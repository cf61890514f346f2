/** Extension info: EXT_INFO in, the server's extensions out. RFC 8308 §2.3, §2.4. Pure. */
import { ProtocolError } from "./errors.ts";
import * as m from "./messages.ts";
import { decode, decodeFields } from "./wire.ts";

const maximumExtensions = 64;
const maximumExtInfos = 2; // RFC 8308 §2.4: after NEWKEYS, and once more before USERAUTH_SUCCESS

export class ExtensionInfo {
  readonly #extensions: Map<string, Uint8Array> = new Map();
  #received = 0;

  /** Name to value, copied. What a later EXT_INFO says again counts. RFC 8308 §2.3. */
  get extensions(): ReadonlyMap<string, Uint8Array> {
    return this.#extensions;
  }

  /** @throws ProtocolError for one EXT_INFO too many, or one that is malformed. */
  receive(payload: Uint8Array): void {
    this.#received += 1;
    if (this.#received > maximumExtInfos) {
      throw new ProtocolError(`EXT_INFO number ${this.#received}, at most two may come`, "RFC 8308 §2.4");
    }
    const { extensionCount, extensions } = decode(m.EXT_INFO, payload);
    if (extensionCount > maximumExtensions) {
      throw new ProtocolError(`${extensionCount} extensions, at most ${maximumExtensions} are read`, "RFC 8308 §2.3");
    }
    let rest = extensions;
    for (let i = 0; i < extensionCount; i++) {
      const extension = decodeFields("EXT_INFO", m.EXTENSION, rest);
      this.#extensions.set(extension.extensionName, extension.extensionValue.slice());
      rest = extension.rest;
    }
    if (rest.length > 0) throw new ProtocolError(`EXT_INFO: ${rest.length} bytes trail`, "RFC 8308 §2.3");
  }
}
