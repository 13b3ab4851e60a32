/**
 * How codecs of this library's own tokens are told from those of others.
 *
 * @module
 */

/** What the names of these codecs begin with: their tokens' ids are ours, and change at every login. */
export const OWN = "own:";
