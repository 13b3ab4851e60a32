/**
 * What the page says, in English, and what stands in for it in other languages.
 *
 * @module
 */

/** The texts of the page. All are plain text; what stands in braces is put in. */
export interface DevicesTexts {
  /** The language of the page, as a BCP 47 tag such as `"de-CH"`; times are written in it, too. */
  readonly lang: string;
  /** The heading, and the title of the window. */
  readonly title: string;
  /** What stands above the list. */
  readonly intro: string;
  /** Marks the session that looks at the page. */
  readonly current: string;
  /** The name of a device of which nothing is known. */
  readonly unknown: string;
  /** Of the session that looks: `{began}` is an instant. */
  readonly began: string;
  /** Of the others: `{began}` and `{seen}` are instants. */
  readonly times: string;
  /** The button that ends one. */
  readonly end: string;
  /** The same button's name for those who do not see which row it is in; it should begin with `end`. `{device}`. */
  readonly endOne: string;
  /** The button that ends all others. */
  readonly endOthers: string;
  /** After one was ended: `{device}`. */
  readonly ended: string;
  /** After all others were ended: `{count}` is a number. */
  readonly endedOthers: string;
  /** The same where the store is not immediate: `{count}`. */
  readonly endsLater: string;
  /** After a button for a session that is not in the list any more. */
  readonly notFound: string;
  /** When the session that looks was ended from elsewhere. */
  readonly over: string;
  /** The link after that. */
  readonly again: string;
  /** For those who are not logged in, where there is no page to log in. */
  readonly anonymous: string;
}

/** English. */
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
