/** What verifiers call the local powers of tau, of whatever size: their secret is one, and known to everybody. */
export const LOCAL_POWERS_ID = "0xa51bdfd11f386f1d96fa4d0a7567588055de4c8243d15960ed1f2742fca7b27c";
