import type { Curve, Group } from "snarkjs";

const SCALAR_BITS = 254;
const SCALAR_BYTES = 32;
const PAGE_BYTES = 65_536;
/** Points that are multiplied before they are brought to affine coordinates together. */
const BLOCK = 4_096;

/**
 * Makes the library some thirty times faster at powers of tau whose secret is known. Every point of such a file is a
 * known multiple of the generator; so the secret's powers, and what a Fourier transform makes of them, are computed as
 * numbers, and each point is one multiplication by a table, where the library transforms points. The bytes are the same.
 * @param curve the library's own, whose groups are changed until `work` ends
 * @param workshop another one of the same kind, in one thread, whose memory is used up
 */
export async function withKnownMultiples<T>(
  { curve, workshop, power }: { curve: Curve; workshop: Curve; power: number },
  work: () => Promise<T>,
): Promise<T> {
  const restore = [
    teach(curve, curve.G1, new Multiples(workshop, curve.G1, "g1m", power - 2)),
    teach(curve, curve.G2, new Multiples(workshop, curve.G2, "g2m", power - 2)),
  ];
  try {
    return await work();
  } finally {
    for (const undo of restore) undo();
  }
}

/** Gives a group the two methods for points that are first · tau^i times the generator. */
function teach({ Fr }: Curve, group: Group, multiples: Multiples): () => void {
  const { batchApplyKey, lagrangeEvaluations } = group;
  const size = 2 * group.F.n8;
  /** By the first of its points, what a list of them begins with. */
  const firsts = new Map([[hex(group.oneAffine), Fr.one]]);
  let tau = Fr.one;
  const powers = (count: number, first: Uint8Array) => {
    const ones = new Uint8Array(count * SCALAR_BYTES);
    for (let i = 0; i < count; i++) ones.set(Fr.one, i * SCALAR_BYTES);
    return Fr.batchApplyKey(ones, first, tau);
  };
  group.batchApplyKey = async (points, first, inc) => {
    tau = inc;
    const scalars = await powers(points.byteLength / size, first);
    const made = multiples.of(await Fr.batchFromMontgomery(scalars));
    firsts.set(hex(made.subarray(0, size)), first);
    return made;
  };
  group.lagrangeEvaluations = async (points) => {
    const count = points.byteLength / size;
    const first = firsts.get(hex(points.slice(0, size)));
    if (first === undefined) throw new Error("points that are no known multiples");
    const scalars = await powers(count, first);
    // The longest list is one power short, and filled up with the point at infinity.
    if (hex(points.slice((count - 1) * size, count * size)) === hex(group.zeroAffine))
      scalars.fill(0, (count - 1) * SCALAR_BYTES);
    return multiples.of(await Fr.batchFromMontgomery(await Fr.ifft(scalars)));
  };
  return () => Object.assign(group, { batchApplyKey, lagrangeEvaluations });
}

/** Multiples of a generator by a table: for each run of `bits` bits of a scalar, its multiples at that place. */
class Multiples {
  readonly #memory: WebAssembly.Memory;
  readonly #add: (a: number, affine: number, sum: number) => void;
  readonly #zero: (point: number) => void;
  readonly #toAffine: (points: number, count: number, to: number) => void;
  readonly #affineBytes: number;
  readonly #pointBytes: number;
  readonly #bits: number;
  readonly #runs: number;
  readonly #table: number;
  readonly #block: number;

  constructor({ tm }: Curve, { F, oneAffine }: Group, prefix: "g1m" | "g2m", bits: number) {
    const method = (name: string) => tm.instance.exports[`${prefix}_${name}`] as (...at: number[]) => void;
    this.#memory = tm.memory;
    this.#add = method("addMixed");
    this.#zero = method("zero");
    this.#toAffine = method("batchToAffine");
    this.#affineBytes = 2 * F.n8;
    this.#pointBytes = 3 * F.n8;
    this.#bits = bits;
    this.#runs = Math.ceil(SCALAR_BITS / bits);
    this.#table = this.#allocate(this.#runs * this.#entries * this.#affineBytes);
    this.#block = this.#allocate(Math.max(BLOCK, 2 ** bits) * this.#pointBytes);
    this.#fill(oneAffine);
  }

  /** @param scalars least byte first; multiples come in affine coordinates, as the library keeps them */
  of(scalars: Uint8Array): Uint8Array {
    const count = scalars.byteLength / SCALAR_BYTES;
    const made = new Uint8Array(count * this.#affineBytes);
    const words = new Uint32Array(scalars.buffer, scalars.byteOffset, scalars.byteLength / 4);
    for (let start = 0; start < count; start += BLOCK) {
      const end = Math.min(start + BLOCK, count);
      for (let i = start; i < end; i++)
        this.#multiply(words, 8 * i, this.#block + (i - start) * this.#pointBytes);
      this.#toAffine(this.#block, end - start, this.#block);
      const bytes = new Uint8Array(this.#memory.buffer, this.#block, (end - start) * this.#affineBytes);
      made.set(bytes, start * this.#affineBytes);
    }
    return made;
  }

  get #entries(): number {
    return 2 ** this.#bits - 1;
  }

  #entry(run: number, digit: number): number {
    return this.#table + (run * this.#entries + digit - 1) * this.#affineBytes;
  }

  #multiply(words: Uint32Array, from: number, to: number): void {
    this.#zero(to);
    for (let run = 0; run < this.#runs; run++) {
      const word = from + ((run * this.#bits) >>> 5);
      const shift = (run * this.#bits) & 31;
      const above =
        shift + this.#bits > 32 && word < from + 7 ? (words[word + 1] as number) << (32 - shift) : 0;
      const digit = (((words[word] as number) >>> shift) | above) & this.#entries;
      if (digit !== 0) this.#add(to, this.#entry(run, digit), to);
    }
  }

  #fill(generator: Uint8Array): void {
    const base = this.#allocate(this.#affineBytes);
    new Uint8Array(this.#memory.buffer).set(generator, base);
    for (let run = 0; run < this.#runs; run++) {
      this.#zero(this.#block);
      for (let i = 0; i <= this.#entries; i++) {
        const at = this.#block + i * this.#pointBytes;
        this.#add(i === 0 ? at : at - this.#pointBytes, base, at);
      }
      const next = this.#block + this.#entries * this.#pointBytes;
      this.#toAffine(this.#block, this.#entries, this.#entry(run, 1));
      this.#toAffine(next, 1, base);
    }
  }

  /** The module's first word says where its free memory begins; behind it the module needs some for itself. */
  #allocate(bytes: number): number {
    const free = new Uint32Array(this.#memory.buffer, 0, 1);
    const at = Math.ceil((free[0] as number) / 8) * 8;
    free[0] = at + bytes;
    const missing = at + 2 * bytes + PAGE_BYTES - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return at;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
