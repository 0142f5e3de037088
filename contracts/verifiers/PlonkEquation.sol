// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {Bn254} from "./Bn254.sol";
import {PlonkKey} from "./PlonkKey.sol";
import {PlonkChallenges, PlonkProof, PlonkValues} from "./PlonkProof.sol";
import {Scalars} from "./Scalars.sol";

// The verifier of "PLONK" (eprint 2019/953, section 8.3), steps 5 to 12.

// What the wires of a row are told apart by: neither they nor their quotient is a root of unity of order 2^28, so that
// the cosets never meet.
uint256 constant K1 = 2;
uint256 constant K2 = 3;

// Of 18 multiplications and a pairing of two, 230,000, with what calls hold back.
uint256 constant GROUP_GAS = 260_000;

/// @notice What follows from the challenge xi and the signals.
struct PlonkRows {
    /// xi^n, for n rows.
    uint256 xiN;
    /// The polynomial that vanishes on all rows, xi^n - 1.
    uint256 vanishing;
    /// The polynomial that is one on the first row and vanishes on the others.
    uint256 first;
    /// That of the public signals.
    uint256 signals;
}

/// @return whether the proof shows that the key's circuit holds for these signals
function isPlonk(PlonkKey key, uint256[] memory signals, PlonkProof calldata proof) view returns (bool) {
    if (!proof.hasScalars()) return false;
    PlonkChallenges memory challenges = proof.challengesOf(key, signals);
    PlonkRows memory rows = _rowsAt(challenges.xi, key, signals);
    // A challenge that is a row would divide by zero.
    if (rows.vanishing == 0) return false;
    // From here on an honest proof takes less, so that what fails then is the proof.
    require(gasleft() > GROUP_GAS, IKeyedVerifier.ProofGasTooLow(gasleft()));
    uint256 sum = Bn254.newSum();
    bool isSum = _addKey(sum, key, proof.values, challenges, rows);
    isSum = _addProof(sum, key, proof, challenges, rows) && isSum;
    uint256 openings = Bn254.newSum();
    Bn254.startWithGiven(openings, proof.opening);
    isSum = Bn254.addTimesGiven(openings, proof.nextOpening, challenges.u) && isSum;
    return isSum && Bn254.isProductOf(openings, key.secret(), sum);
}

/// @dev Each Lagrange polynomial is w^i (xi^n - 1) / n / (xi - w^i); all divisors are inverted in one.
function _rowsAt(uint256 xi, PlonkKey key, uint256[] memory signals) view returns (PlonkRows memory rows) {
    (uint256 table, uint256 product) = _distances(xi, key.root(), signals.length);
    rows.xiN = Scalars.squared(xi, key.power());
    rows.vanishing = Scalars.sub(rows.xiN, 1);
    uint256 rest = Scalars.invert(Scalars.mul(product, 1 << key.power()));
    (rows.first, rows.signals) = _interpolate(xi, table, Scalars.mul(rows.vanishing, rest), signals);
}

/// @return table for each signal the distance of xi from its row, and the product of those before: two words
/// @return product of all
function _distances(uint256 xi, uint256 root, uint256 count) pure returns (uint256 table, uint256 product) {
    uint256 order = Scalars.ORDER;
    assembly ("memory-safe") {
        table := mload(0x40)
        let end := add(table, mul(64, count))
        mstore(0x40, end)
        product := 1
        let row := 1
        for {
            let at := table
        } lt(at, end) {
            at := add(at, 64)
        } {
            let distance := addmod(xi, sub(order, row), order)
            mstore(at, distance)
            mstore(add(at, 32), product)
            product := mulmod(product, distance, order)
            row := mulmod(row, root, order)
        }
    }
}

/// @dev From the last on, `rest` is (xi^n - 1) / n, divided by the distances up to this one.
/// @return first what the first row's polynomial is
/// @return sum minus the signals, each times its row's
function _interpolate(
    uint256 xi,
    uint256 table,
    uint256 rest,
    uint256[] memory signals
) pure returns (uint256 first, uint256 sum) {
    uint256 order = Scalars.ORDER;
    assembly ("memory-safe") {
        let count := mload(signals)
        let signal := add(signals, mul(32, count))
        for {
            let at := add(table, mul(64, count))
        } gt(at, table) {
            signal := sub(signal, 32)
        } {
            at := sub(at, 64)
            let distance := mload(at)
            let row := addmod(xi, sub(order, distance), order)
            first := mulmod(mulmod(rest, mload(add(at, 32)), order), row, order)
            sum := addmod(sum, mulmod(first, mload(signal), order), order)
            rest := mulmod(rest, distance, order)
        }
        // Of zero it is the order, which is zero to all that goes on with it.
        sum := sub(order, sum)
    }
}

/// @dev Adds what is of the key: selectors and permutations, and the constant as a multiple of the generator.
function _addKey(
    uint256 sum,
    PlonkKey key,
    PlonkValues calldata values,
    PlonkChallenges memory challenges,
    PlonkRows memory rows
) view returns (bool isSum) {
    (uint256 a, uint256 b, uint256 c) = (values.a, values.b, values.c);
    Bn254.startWith(sum, key.selectorOf(4));
    isSum = Bn254.addTimes(sum, key.selectorOf(0), Scalars.mul(a, b));
    isSum = Bn254.addTimes(sum, key.selectorOf(1), a) && isSum;
    isSum = Bn254.addTimes(sum, key.selectorOf(2), b) && isSum;
    isSum = Bn254.addTimes(sum, key.selectorOf(3), c) && isSum;

    (uint256 v, uint256 beta) = (challenges.v, challenges.beta);
    uint256 v4 = Scalars.squared(v, 2);
    isSum = Bn254.addTimes(sum, key.permutationOf(0), v4) && isSum;
    isSum = Bn254.addTimes(sum, key.permutationOf(1), Scalars.mul(v4, v)) && isSum;
    uint256 joined = Scalars.mul(
        Scalars.mul(challenges.alpha, values.zOmega),
        Scalars.mul(
            _factor(a, Scalars.mul(beta, values.s1), challenges.gamma),
            _factor(b, Scalars.mul(beta, values.s2), challenges.gamma)
        )
    );
    isSum = Bn254.addTimes(sum, key.permutationOf(2), Scalars.sub(0, Scalars.mul(joined, beta))) && isSum;

    uint256 constants = Scalars.sub(rows.signals, _firstRow(challenges.alpha, rows));
    constants = Scalars.sub(constants, Scalars.mul(joined, Scalars.add(c, challenges.gamma)));
    constants = Scalars.sub(constants, Scalars.mul(challenges.u, values.zOmega));
    isSum = Bn254.addGenerator(sum, Scalars.sub(constants, _openedValue(values, v))) && isSum;
}

/// @dev Adds what is of the proof: product, quotient, wires and openings.
function _addProof(
    uint256 sum,
    PlonkKey key,
    PlonkProof calldata proof,
    PlonkChallenges memory challenges,
    PlonkRows memory rows
) view returns (bool isSum) {
    (uint256 xi, uint256 v, uint256 u) = (challenges.xi, challenges.v, challenges.u);
    uint256 factor = Scalars.add(_productFactor(proof.values, challenges), _firstRow(challenges.alpha, rows));
    isSum = Bn254.addTimesGiven(sum, proof.product, Scalars.add(factor, u));

    factor = Scalars.sub(0, rows.vanishing);
    isSum = Bn254.addTimesGiven(sum, proof.low, factor) && isSum;
    factor = Scalars.mul(factor, rows.xiN);
    isSum = Bn254.addTimesGiven(sum, proof.middle, factor) && isSum;
    isSum = Bn254.addTimesGiven(sum, proof.high, Scalars.mul(factor, rows.xiN)) && isSum;

    isSum = Bn254.addTimesGiven(sum, proof.left, v) && isSum;
    factor = Scalars.mul(v, v);
    isSum = Bn254.addTimesGiven(sum, proof.right, factor) && isSum;
    isSum = Bn254.addTimesGiven(sum, proof.output, Scalars.mul(factor, v)) && isSum;

    isSum = Bn254.addTimesGiven(sum, proof.opening, xi) && isSum;
    factor = Scalars.mul(Scalars.mul(u, xi), key.root());
    isSum = Bn254.addTimesGiven(sum, proof.nextOpening, factor) && isSum;
}

/// @dev alpha (a + beta xi + gamma) (b + beta K1 xi + gamma) (c + beta K2 xi + gamma)
function _productFactor(PlonkValues calldata values, PlonkChallenges memory challenges) pure returns (uint256 product) {
    uint256 shift = Scalars.mul(challenges.beta, challenges.xi);
    product = Scalars.mul(challenges.alpha, _factor(values.a, shift, challenges.gamma));
    product = Scalars.mul(product, _factor(values.b, Scalars.mul(shift, K1), challenges.gamma));
    product = Scalars.mul(product, _factor(values.c, Scalars.mul(shift, K2), challenges.gamma));
}

/// @dev alpha² L1(xi)
function _firstRow(uint256 alpha, PlonkRows memory rows) pure returns (uint256) {
    return Scalars.mul(Scalars.mul(alpha, alpha), rows.first);
}

function _factor(uint256 value, uint256 shift, uint256 gamma) pure returns (uint256) {
    return Scalars.add(Scalars.add(value, shift), gamma);
}

/// @dev v a + v² b + v³ c + v⁴ s1 + v⁵ s2
function _openedValue(PlonkValues calldata values, uint256 v) pure returns (uint256 value) {
    value = Scalars.add(values.s1, Scalars.mul(v, values.s2));
    value = Scalars.add(values.c, Scalars.mul(v, value));
    value = Scalars.add(values.b, Scalars.mul(v, value));
    value = Scalars.add(values.a, Scalars.mul(v, value));
    value = Scalars.mul(v, value);
}
