// SHA-256 (FIPS 180-4) that takes its bytes piece by piece: what the browser itself offers wants a whole file in memory.
const K = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
  0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
const BLOCK = 64;

// One round in its two sums (section 6.2.2): `one` of the working words behind, `two` of those in front. They stand apart, and
// the rounds below name their words by turns instead of moving them: that is what a browser's compiler makes fast code of.
const one = (h, e, f, g, k, w) => {
  const mixed = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
  return (((((h + mixed) | 0) + (g ^ (e & (f ^ g)))) | 0) + ((k + w) | 0)) | 0;
};
const two = (a, b, c) => ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) + ((a & b) | (c & (a | b)))) | 0;

export class Sha256 {
  #state = new Int32Array([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
  #words = new Int32Array(64);
  #rest = new Uint8Array(BLOCK);
  #held = 0;
  #length = 0;

  update(bytes) {
    let at = 0;
    this.#length += bytes.length;
    if (this.#held > 0) {
      at = Math.min(BLOCK - this.#held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < BLOCK) return this;
      this.#blocks(this.#rest, 0, BLOCK);
      this.#held = 0;
    }
    const end = bytes.length - ((bytes.length - at) % BLOCK);
    this.#blocks(bytes, at, end);
    this.#rest.set(bytes.subarray(end));
    this.#held = bytes.length - end;
    return this;
  }

  // The digest in hex; nothing is added behind it.
  hex() {
    const bits = this.#length * 8;
    const tail = new Uint8Array(this.#held < BLOCK - 8 ? BLOCK : 2 * BLOCK);
    tail.set(this.#rest.subarray(0, this.#held));
    tail[this.#held] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(tail.length - 4, bits % 2 ** 32);
    this.#blocks(tail, 0, tail.length);
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #blocks(bytes, from, end) {
    const w = this.#words;
    const s = this.#state;
    let [a0, b0, c0, d0, e0, f0, g0, h0] = s;
    for (let at = from; at < end; at += BLOCK) {
      for (let i = 0, j = at; i < 16; i++, j += 4) w[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15];
        const y = w[i - 2];
        const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (((w[i - 16] + low) | 0) + ((w[i - 7] + high) | 0)) | 0;
      }
      let a = a0, b = b0, c = c0, d = d0, e = e0, f = f0, g = g0, h = h0, t = 0;
      for (let i = 0; i < 64; i += 8) {
        t = one(h, e, f, g, K[i], w[i]); d = (d + t) | 0; h = (t + two(a, b, c)) | 0;
        t = one(g, d, e, f, K[i + 1], w[i + 1]); c = (c + t) | 0; g = (t + two(h, a, b)) | 0;
        t = one(f, c, d, e, K[i + 2], w[i + 2]); b = (b + t) | 0; f = (t + two(g, h, a)) | 0;
        t = one(e, b, c, d, K[i + 3], w[i + 3]); a = (a + t) | 0; e = (t + two(f, g, h)) | 0;
        t = one(d, a, b, c, K[i + 4], w[i + 4]); h = (h + t) | 0; d = (t + two(e, f, g)) | 0;
        t = one(c, h, a, b, K[i + 5], w[i + 5]); g = (g + t) | 0; c = (t + two(d, e, f)) | 0;
        t = one(b, g, h, a, K[i + 6], w[i + 6]); f = (f + t) | 0; b = (t + two(c, d, e)) | 0;
        t = one(a, f, g, h, K[i + 7], w[i + 7]); e = (e + t) | 0; a = (t + two(b, c, d)) | 0;
      }
      a0 = (a0 + a) | 0;
      b0 = (b0 + b) | 0;
      c0 = (c0 + c) | 0;
      d0 = (d0 + d) | 0;
      e0 = (e0 + e) | 0;
      f0 = (f0 + f) | 0;
      g0 = (g0 + g) | 0;
      h0 = (h0 + h) | 0;
    }
    s[0] = a0; s[1] = b0; s[2] = c0; s[3] = d0; s[4] = e0; s[5] = f0; s[6] = g0; s[7] = h0;
  }
}
