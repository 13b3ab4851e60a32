/** What a call that should be refused says. */
import { OptionError } from "../../src/index.ts";

/** What a call throws: the message of an OptionError with `ERR_OPTION`, else whatever it was. */
export function refusal(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error instanceof OptionError && error.code === "ERR_OPTION" ? error.message : error;
  }
}
