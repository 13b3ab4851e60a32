/** Secrets of the applications under test. */
export const SECRET = "vS8cPzQ1mT0yHn5rKd3WxJ7bLf2gUa9e";
