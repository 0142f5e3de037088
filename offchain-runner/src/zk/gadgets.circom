// What the steps of a lowered program need beyond additions and constant factors. Every `in` is a whole number that the
// generator proved to lie where the template says, so that nothing wraps around the field; docs/zk.md has the arguments.

// The bits of the quotient and of the rest of in / D, for 0 <= in < D * 2^qBits. rBits holds D - 1.
template Split(D, rBits, qBits) {
    signal input in;
    signal output quotient[qBits];
    signal output rest[rBits];

    if (D == (1 << rBits)) {
        component bits = Num2Bits(rBits + qBits);
        bits.in <== in;
        for (var i = 0; i < rBits; i++) rest[i] <== bits.out[i];
        for (var i = 0; i < qBits; i++) quotient[i] <== bits.out[rBits + i];
    } else {
        signal q <-- in \ D;
        signal r <-- in % D;
        in === D * q + r;
        component high = Num2Bits(qBits);
        high.in <== q;
        for (var i = 0; i < qBits; i++) quotient[i] <== high.out[i];
        component low = Num2Bits(rBits);
        low.in <== r;
        for (var i = 0; i < rBits; i++) rest[i] <== low.out[i];
        component belowDivisor = Num2Bits(rBits);
        belowDivisor.in <== D - 1 - r;
    }
}

// 1 where one of n bits is.
template AnyOf(n) {
    signal input in[n];
    signal output out;

    if (n == 1) {
        out <== in[0];
    } else if (n == 2) {
        out <== in[0] + in[1] - in[0] * in[1];
    } else {
        var sum = 0;
        for (var i = 0; i < n; i++) sum += in[i];
        // IsZero of circomlib without a signal for its input: one constraint less.
        signal inverse <-- sum != 0 ? 1 / sum : 0;
        out <== sum * inverse;
        sum * (1 - out) === 0;
    }
}

// clip(floor(u / D), 0, cap) for -D * 2^qBits <= u < D * 2^qBits, where in = u + D * 2^qBits if isSigned, else in = u >= 0.
// Without isCapped the quotient is below 2^qBits and there is no cap. capBits is not 0 where cap = 2^capBits - 1.
template FloorClip(D, rBits, qBits, isSigned, isCapped, cap, capBits) {
    signal input in;
    signal output out;

    component split = Split(D, rBits, qBits + isSigned);
    split.in <== in;
    var sign = 1;
    if (isSigned) sign = split.quotient[qBits];
    var low = 0;
    var lowBits = isCapped && capBits != 0 ? capBits : qBits;
    for (var i = 0; i < lowBits; i++) low += split.quotient[i] * (1 << i);

    var isAbove = 0;
    if (isCapped && capBits != 0) {
        component any = AnyOf(qBits - capBits);
        for (var i = capBits; i < qBits; i++) any.in[i - capBits] <== split.quotient[i];
        isAbove = any.out;
    } else if (isCapped) {
        component excess = Num2Bits(qBits + 1);
        excess.in <== low - cap - 1 + (1 << qBits);
        isAbove = excess.out[qBits];
    }

    if (isCapped && isSigned) {
        signal capped <== isAbove * (cap - low);
        out <== sign * (low + capped);
    } else if (isCapped) {
        out <== isAbove * (cap - low) + low;
    } else {
        out <== sign * low;
    }
}

// v / D rounded toward zero for -D * 2^qBits <= v < D * 2^qBits, where in = v + D * 2^qBits.
template Truncate(D, rBits, qBits) {
    signal input in;
    signal output out;

    component split = Split(D, rBits, qBits + 1);
    split.in <== in;
    var rest = 0;
    for (var i = 0; i < rBits; i++) rest += split.rest[i] * (1 << i);
    signal inverse <-- rest != 0 ? 1 / rest : 0;
    signal hasRest <== rest * inverse;
    rest * (1 - hasRest) === 0;
    var floor = 0;
    for (var i = 0; i <= qBits; i++) floor += split.quotient[i] * (1 << i);
    out <== (1 - split.quotient[qBits]) * hasRest + floor - (1 << qBits);
}

// max(d, 0) for -2^n <= d < 2^n, where in = d + 2^n.
template Excess(n) {
    signal input in;
    signal output out;

    component bits = Num2Bits(n + 1);
    bits.in <== in;
    out <== bits.out[n] * (in - (1 << n));
}

// One step of a search for the best: it moves by distance where lead >= isStrict, for -2^n <= lead - isStrict < 2^n and
// in = lead - isStrict + 2^n. gain is what the best value grows by, where more candidates come.
template Overtake(n, isStrict, isLast) {
    signal input in;
    signal input distance;
    signal output gain;
    signal output move;

    component bits = Num2Bits(n + 1);
    bits.in <== in;
    move <== bits.out[n] * distance;
    if (isLast) gain <== 0;
    else gain <== bits.out[n] * (in - (1 << n) + isStrict);
}

// Row `in` of a table of 2^(lowBits + highBits) rows, 0 <= in. c are the coefficients of the columns as polynomials in
// the bits of the row: c[column][mask] stands before the product of the bits of the mask.
template Lookup(lowBits, highBits, columns, c) {
    signal input in;
    signal output out[columns];

    component bits = Num2Bits(lowBits + highBits);
    bits.in <== in;
    var lows = 1 << lowBits;
    var highs = 1 << highBits;
    signal low[lows];
    signal high[highs];
    low[0] <== 1;
    for (var i = 0; i < lowBits; i++) {
        low[1 << i] <== bits.out[i];
        for (var j = 1; j < (1 << i); j++) low[(1 << i) + j] <== low[j] * bits.out[i];
    }
    high[0] <== 1;
    for (var i = 0; i < highBits; i++) {
        high[1 << i] <== bits.out[lowBits + i];
        for (var j = 1; j < (1 << i); j++) high[(1 << i) + j] <== high[j] * bits.out[lowBits + i];
    }
    signal part[columns][highs - 1];
    for (var column = 0; column < columns; column++) {
        var sum = 0;
        for (var h = 0; h < highs; h++) {
            var inner = 0;
            for (var l = 0; l < lows; l++) inner += c[column][h * lows + l] * low[l];
            if (h == 0) {
                sum += inner;
            } else {
                part[column][h - 1] <== high[h] * inner;
                sum += part[column][h - 1];
            }
        }
        out[column] <== sum;
    }
}
