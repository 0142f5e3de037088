const HOUR_SEC = 3_600;
const HOURS = 24;
const DOUBLING_TIME = 600;

type Candle = [open: number, high: number, low: number, close: number];

/** What `contracts/examples/HourlyCandles.sol` keeps, in floating point. */
export class PoolCandles {
  #hour: number;
  #recordedAt: number;
  #building: Candle;
  readonly #closed: Candle[] = [];

  constructor(price: number, now: number) {
    this.#hour = Math.floor(now / HOUR_SEC);
    this.#recordedAt = now;
    this.#building = [price, price, price, price];
  }

  /** Records `price`, which has stood since the last recording; to be called before it moves. */
  record(price: number, now: number): void {
    const hour = Math.floor(now / HOUR_SEC);
    while (this.#hour < hour) {
      this.#see(price, (this.#hour + 1) * HOUR_SEC);
      this.#closed.push(this.#building);
      if (this.#closed.length > HOURS + 1) this.#closed.shift();
      const close = this.#building[3];
      this.#building = [close, close, close, close];
      this.#hour++;
    }
    this.#see(price, now);
  }

  /** The model's input, or nothing while there are not 24 hours seen from their beginning. */
  input(): Float32Array | undefined {
    if (this.#closed.length <= HOURS) return undefined;
    const day = this.#closed.slice(-HOURS);
    const last = (day[HOURS - 1] as Candle)[3];
    return Float32Array.from(day.flat(), (price) => price / last - 1);
  }

  #see(price: number, until: number): void {
    const stood = until - this.#recordedAt;
    if (stood === 0) return;
    const [open, high, low, close] = this.#building;
    const factor = (DOUBLING_TIME + stood) / DOUBLING_TIME;
    const seen = Math.min(close * factor, Math.max(close / factor, price));
    this.#building = [open, Math.max(high, seen), Math.min(low, seen), seen];
    this.#recordedAt = until;
  }
}
