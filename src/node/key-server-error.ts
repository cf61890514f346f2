/**
 * Key server error: a room of its own, so that whoever tells a person about it need not load HTTP.
 */
import { SshError } from "../ssh/errors.ts";

/** The key server could not be asked, or did not give what it should. The message says what each address answered. */
export class KeyServerError extends SshError {
  override readonly name = "KeyServerError";
  /** What a person can do about it; may be empty. */
  readonly cure: string;
  /** Whether it asks us to wait: some other of us may have done what we wanted. */
  readonly isRateLimited: boolean;

  constructor(message: string, cure: string, isRateLimited = false, options?: ErrorOptions) {
    super(message, options);
    this.cure = cure;
    this.isRateLimited = isRateLimited;
  }
}
