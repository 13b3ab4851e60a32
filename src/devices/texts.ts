/**
 * The texts of the page, in English, and what replaces them in other languages.
 *
 * @module
 */

/** The texts of the page. All are plain text. Names in braces are replaced. */
export interface DevicesTexts {
  /** The language of the page as a BCP 47 tag, such as `"de-CH"`. Times are formatted for it too. */
  readonly lang: string;
  /** The heading and the window title. */
  readonly title: string;
  /** Above the list. */
  readonly intro: string;
  /** Marks the current session. */
  readonly current: string;
  /** The name of an unknown device. */
  readonly unknown: string;
  /** For the current session. `{began}` is a time. */
  readonly began: string;
  /** For the others. `{began}` and `{seen}` are times. */
  readonly times: string;
  /** The button that ends one session. */
  readonly end: string;
  /** The accessible name of that button, for those who cannot see its row. It should begin with `end`. `{device}`. */
  readonly endOne: string;
  /** The button that ends all other sessions. */
  readonly endOthers: string;
  /** After one was ended. `{device}`. */
  readonly ended: string;
  /** After all others were ended. `{count}` is a number. */
  readonly endedOthers: string;
  /** The same if the store is not immediate. `{count}`. */
  readonly endsLater: string;
  /** After a button for a session that is no longer in the list. */
  readonly notFound: string;
  /** When the current session was ended elsewhere. */
  readonly over: string;
  /** The link after that text. */
  readonly again: string;
  /** For visitors who are not logged in and are not redirected to `login`. */
  readonly anonymous: string;
}

export const ENGLISH: DevicesTexts = {
  lang: "en",
  title: "Your sessions",
  intro: "This is where you are logged in. End any session that you do not recognise.",
  current: "This device",
  unknown: "Unknown device",
  began: "Logged in {began}",
  times: "Logged in {began}, last seen {seen}",
  end: "End",
  endOne: "End {device}",
  endOthers: "End all others",
  ended: "Ended: {device}",
  endedOthers: "All other sessions were ended: {count}",
  endsLater: "All other sessions were ended: {count}. It may take a minute until that is so everywhere.",
  notFound: "Nothing was ended: that session was over already, or has changed. This is the list as it is now.",
  over: "This session was ended from another device.",
  again: "Log in again",
  anonymous: "You are not logged in.",
};
