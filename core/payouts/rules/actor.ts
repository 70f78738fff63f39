/** Who does something to a payout, and whether two of them are two people. */

export interface Actor {
  /** `account 7` over HTTP, `user alice` at the command line. */
  readonly name: string;
  /** Null: somebody at the command line, as the operating system names them. */
  readonly accountId: number | null;
}

/** Somebody at the command line. The name is that of the operating system, and no option replaces it: a name that anybody may type is no second person. */
export const userActor = (userName: string): Actor => ({ name: `user ${userName}`.slice(0, 64), accountId: null });

/** The maker of a payout; a null name is the schedule, which is nobody. */
export interface Maker {
  readonly maker: string | null;
  readonly makerAccountId: number | null;
}

/** Whether the names alone say that maker and checker are two: neither the same name nor the same account. */
export const namesDiffer = ({ maker, makerAccountId }: Maker, checker: Actor): boolean =>
  maker === null || (maker !== checker.name && (makerAccountId === null || makerAccountId !== checker.accountId));
