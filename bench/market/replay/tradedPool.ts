/** A constant-product pool of a base and a quote token, as in `contracts/examples/ConstantProduct.sol`. */
export class TradedPool {
  base: number;
  quote: number;
  /** What the pool gained or lost in trades at the market's price of that moment: fees less loss against rebalancing. */
  net = 0;
  /** Fees at the market's price, as parts of the pool's value. */
  fees = 0;

  constructor(price: number, value: number) {
    this.base = value / 2 / price;
    this.quote = value / 2;
  }

  get price(): number {
    return this.quote / this.base;
  }

  /** Buys or sells until nothing is left to gain at the market's price; nothing where that does not pay `cost`. */
  arbitrage(market: number, fee: number, cost: number): boolean {
    const kept = 1 - fee;
    const product = this.base * this.quote;
    if (this.quote < this.base * market * kept) {
      const traded = Math.sqrt(product * market * kept) - this.quote;
      const out = this.base - product / (this.quote + traded);
      if (out * market - traded / kept <= cost) return false;
      this.#settle(-out, traded / kept, (traded / kept) * fee, market);
      return true;
    }
    if (this.quote * kept > this.base * market) {
      const traded = Math.sqrt((product * kept) / market) - this.base;
      const out = this.quote - product / (this.base + traded);
      if (out - (traded / kept) * market <= cost) return false;
      this.#settle(traded / kept, -out, (traded / kept) * fee * market, market);
      return true;
    }
    return false;
  }

  /** Trades `value` of quote or base, unless that costs more than the share `limit` of it at the market's price. */
  trade(isBuy: boolean, value: number, limit: number, market: number, fee: number, cost: number): boolean {
    const amount = isBuy ? value : value / market;
    const traded = amount * (1 - fee);
    const out = isBuy
      ? (traded * this.base) / (this.quote + traded)
      : (traded * this.quote) / (this.base + traded);
    const received = isBuy ? out * market : out;
    if (value - received + cost > limit * value) return false;
    if (isBuy) this.#settle(-out, amount, amount * fee, market);
    else this.#settle(amount, -out, amount * fee * market, market);
    return true;
  }

  #settle(base: number, quote: number, feeValue: number, market: number): void {
    const value = this.base * market + this.quote;
    this.net += (base * market + quote) / value;
    this.fees += feeValue / value;
    this.base += base;
    this.quote += quote;
  }
}
