/** Secrets for tests: random, and known to everybody who reads this. */
export const SECRET = "hOxkTJ2qwmkHk3zUTZ6UPWaPbBKnpLZ9gdBTDRnTvFM=";
export const OLD_SECRET = "m1cK2Gq0nXqvUO3sR8wYz7eJtB5aLhDfV9pC4iNxE6k=";
export const OTHER_SECRET = "Zb7Qw3Tn5Yx8Rk1Vm4Lp6Js9Hd2Gf0AcEuIoBvXzMtY=";
