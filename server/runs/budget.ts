// What a run may still spend (RU6): reserved before, settled after, shared with its sub-agents, closed when in doubt. A child's budget
// draws on its parent's: whatever it takes is taken from all above it.
import { kernelDefaults, runLimits } from '#shared/kernelSettings.ts';
import type { Limits } from '#shared/run.ts';
import type { Clock } from '../platform/clock.ts';

export type Price = { input: number; output: number };
export type Spent = { steps: number; calls: number; input: number; output: number; money: number | null };

export type Turn = {
  /** The most tokens that the answer may have; undefined: nothing limits it. */
  maxTokens: number | undefined;
  /** Once, with what it really was, or with the best guess. Gives the money. */
  settle(usage: { input: number; output: number }): number | null;
};

export type Budget = {
  readonly limits: Limits;
  /** One turn of a model with a prompt of so many tokens. A string says, for people, why not. */
  reserveTurn(turn: { input: number; price: Price | null }): Turn | string;
  /** One more step of the loop; null: yes. */
  takeStep(): string | null;
  takeCall(): string | null;
  /** One more sub-agent of a run at this depth; null: yes. */
  takeChild(depth: number): string | null;
  stepsLeft(): number;
  /** Milliseconds. Time in which a person is waited for does not count. */
  timeLeft(): number;
  whileWaiting<T>(work: Promise<T>): Promise<T>;
  /** Since when what was used counts: a person gave it all again then. */
  readonly since: string;
  /** For a sub-agent, with limits of its own below ours. `used`: what it had used before a restart; ours knows of it already. */
  child(limits: Limits, used?: Used): Budget;
};

/** What a kernel says where it says nothing else. */
export const defaultLimits: Limits = runLimits(kernelDefaults);

/** An answer that is limited at all may not take everything that is left: others draw on it too. */
const usualAnswer = 8192;
/** Less than this is no answer. */
const leastAnswer = 256;

/** The least of what kernel, file and request allow; nobody can loosen what another tightened. Nonsense is not heard. */
export function limitsOf(...wishes: (Partial<Limits> | null | undefined)[]): Limits {
  const limits = { ...defaultLimits };
  const [kernel, ...others] = wishes;
  for (const key of Object.keys(limits) as (keyof Limits)[]) {
    const all = [kernel?.[key] ?? defaultLimits[key], ...others.map((wish) => wish?.[key])];
    const valid = all.filter((value): value is number => typeof value === 'number' && value >= 0);
    if (valid.length > 0) limits[key] = Math.min(...valid);
  }
  return limits;
}

type Account = {
  limits: Limits;
  above: Account | null;
  startedAt: number;
  steps: number;
  calls: number;
  children: number;
  tokens: number;
  money: number;
  /** A turn had no price: how much was spent is not known any more. */
  moneyUnknown: boolean;
};
type Waits = { count: number; since: number; total: number };

/** What a run that goes on had used before, with those below it: `ms` the time it worked, `children` those it had started. */
export type Used = { since: string; spent: Spent; ms: number; children: number };

const unused: Used = { since: '', spent: { steps: 0, calls: 0, input: 0, output: 0, money: null }, ms: 0, children: 0 };

export function createBudget({ limits, clock, used = unused }: { limits: Limits; clock: Clock; used?: Used }): Budget {
  const account = openAccount({ limits, above: null, now: clock.now(), used });
  return openBudget({ account, clock, waits: { count: 0, since: 0, total: 0 }, since: used.since });
}

function openAccount({
  limits,
  above,
  now,
  used: { spent, ms, children },
}: Pick<Account, 'limits' | 'above'> & { now: number; used: Used }): Account {
  return {
    limits, above, children, startedAt: now - ms, steps: spent.steps, calls: spent.calls, tokens: spent.input + spent.output,
    money: spent.money ?? 0, moneyUnknown: spent.money === null && spent.input > 0,
  }; // prettier-ignore
}

function openBudget({
  account,
  clock,
  waits,
  since,
}: {
  account: Account;
  clock: Clock;
  waits: Waits;
  since: string;
}): Budget {
  const { limits } = account;
  const chain: Account[] = [];
  for (let one: Account | null = account; one; one = one.above) chain.push(one);

  /** The time of all that is not waiting for people. */
  const activeNow = () => clock.now() - waits.total - (waits.count > 0 ? clock.now() - waits.since : 0);
  const least = (left: (one: Account) => number) => Math.min(...chain.map(left));
  const count = (key: 'steps' | 'calls', limit: 'iterations' | 'toolCalls', what: string): string | null => {
    const full = chain.find((one) => one[key] >= one.limits[limit]);
    if (full) return `It has used its ${full.limits[limit]} ${what}.`;
    for (const one of chain) one[key]++;
    return null;
  };

  const budget: Budget = {
    limits,
    since,
    takeStep: () => count('steps', 'iterations', 'steps'),
    takeCall: () => count('calls', 'toolCalls', 'tool calls'),
    takeChild(depth) {
      if (depth + 1 > least((one) => one.limits.depth))
        return `Agents may delegate at most ${least((one) => one.limits.depth)} levels deep.`;
      if (account.children >= limits.fanOut) return `This run has started its ${limits.fanOut} sub-agents.`;
      account.children++;
      return null;
    },
    stepsLeft: () => least((one) => one.limits.iterations - one.steps),
    timeLeft: () => least((one) => one.limits.minutes * 60_000 - (activeNow() - one.startedAt)),

    reserveTurn({ input, price }) {
      const poor = chain.find(
        (one) => one.limits.tokens !== null && one.limits.tokens - one.tokens < input + leastAnswer,
      );
      if (poor) return `It has used its ${poor.limits.tokens} tokens.`;
      const byTokens = least((one) => (one.limits.tokens === null ? Infinity : one.limits.tokens - one.tokens - input));
      let byMoney = Infinity;
      for (const {
        limits: { money: limit },
        money,
        moneyUnknown,
      } of chain) {
        if (limit === null) continue;
        if (!price) return 'It may spend a limited amount of money, and the price of this model is not known.';
        if (moneyUnknown) return 'It may spend a limited amount of money, and what it has spent so far is not known.';
        const left = limit - money - (input * price.input) / 1e6;
        const tokens = price.output > 0 ? Math.floor((left * 1e6) / price.output) : left >= 0 ? Infinity : 0;
        if (tokens < leastAnswer) return `It has used its ${limit} US dollars.`;
        byMoney = Math.min(byMoney, tokens);
      }
      const room = Math.min(byTokens, byMoney);
      const maxTokens = room === Infinity ? undefined : Math.min(room, usualAnswer);
      const reserved = { tokens: input + (maxTokens ?? 0), money: cost(price, input, maxTokens ?? 0) ?? 0 };
      for (const one of chain) {
        one.tokens += reserved.tokens;
        one.money += reserved.money;
      }
      let settled = false;
      return {
        maxTokens,
        settle(usage) {
          const money = cost(price, usage.input, usage.output);
          if (settled) return money;
          settled = true;
          for (const one of chain) {
            one.tokens += usage.input + usage.output - reserved.tokens;
            one.money += (money ?? 0) - reserved.money;
            one.moneyUnknown ||= money === null;
          }
          return money;
        },
      };
    },

    async whileWaiting(work) {
      if (waits.count++ === 0) waits.since = clock.now();
      try {
        return await work;
      } finally {
        if (--waits.count === 0) waits.total += clock.now() - waits.since;
      }
    },

    child(own, used = unused) {
      const below = openAccount({ limits: own, above: account, now: activeNow(), used });
      return openBudget({ account: below, clock, waits, since });
    },
  };
  return budget;
}

const cost = (price: Price | null, input: number, output: number): number | null =>
  price && (input * price.input + output * price.output) / 1e6;
