/** Secrets of the applications under test. */
export const SECRET = "vS8cPzQ1mT0yHn5rKd3WxJ7bLf2gUa9e";
/** Older secrets, where there are several. */
export const OLDER_SECRETS = [
  "b0Rk6sYwGq4NzVt1XhMj8cEa5uPd2oLf",
  "J3fKx9TzWq7mBv1RnYc5GhLs8aPd4eUo",
  "t6QwErZ1yUi8oPa3SdFg5hJk7LxCvBn2",
];
