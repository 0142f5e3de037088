// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PlonkKey} from "./PlonkKey.sol";
import {Scalars} from "./Scalars.sol";

/// @notice Values at the challenge: of the three wires, of the first two permutations, and of the product one row on.
struct PlonkValues {
    uint256 a;
    uint256 b;
    uint256 c;
    uint256 s1;
    uint256 s2;
    uint256 zOmega;
}

/// @notice A proof as it is sent, each commitment a point of two words.
/// `left`, `right`, `output`: the wires; `product`: that of the permutation; `low`, `middle`, `high`: the quotient;
/// `opening`, `nextOpening`: what shows the values at the challenge, and one row on.
struct PlonkProof {
    uint256[2] left;
    uint256[2] right;
    uint256[2] output;
    uint256[2] product;
    uint256[2] low;
    uint256[2] middle;
    uint256[2] high;
    uint256[2] opening;
    uint256[2] nextOpening;
    PlonkValues values;
}

/// @notice What a prover cannot choose, by the names of the paper.
struct PlonkChallenges {
    uint256 beta;
    uint256 gamma;
    uint256 alpha;
    uint256 xi;
    uint256 v;
    uint256 u;
}

uint256 constant PLONK_PROOF_BYTES = 768;

using {hasScalars, challengesOf} for PlonkProof global;

/// @notice The values are numbers of the field, so that each has one form.
function hasScalars(PlonkProof calldata self) pure returns (bool) {
    PlonkValues calldata values = self.values;
    uint256 order = Scalars.ORDER;
    return
        values.a < order &&
        values.b < order &&
        values.c < order &&
        values.s1 < order &&
        values.s2 < order &&
        values.zOmega < order;
}

/// @notice The challenges (Fiat and Shamir) of this proof for this key and statement.
/// @dev Each binds all that came before: the first, commitments of the key, signals and wires; every other one begins
/// with the one before it. All but the last are as snarkjs' prover derives them. Its own checker derives u from the two
/// openings alone; the prover needs no u, so here it binds the rest, too.
function challengesOf(
    PlonkProof calldata self,
    PlonkKey key,
    uint256[] memory signals
) pure returns (PlonkChallenges memory challenges) {
    (uint256 commitments, uint256 order) = (key.commitments(), Scalars.ORDER);
    assembly ("memory-safe") {
        let at := mload(0x40)
        mcopy(at, commitments, 512)
        let length := mul(32, mload(signals))
        mcopy(add(at, 512), add(signals, 32), length)
        calldatacopy(add(at, add(512, length)), self, 192)
        let beta := mod(keccak256(at, add(704, length)), order)
        mstore(challenges, beta)

        mstore(at, beta)
        let gamma := mod(keccak256(at, 32), order)
        mstore(add(challenges, 32), gamma)

        mstore(add(at, 32), gamma)
        calldatacopy(add(at, 64), add(self, 192), 64)
        let alpha := mod(keccak256(at, 128), order)
        mstore(add(challenges, 64), alpha)

        mstore(at, alpha)
        calldatacopy(add(at, 32), add(self, 256), 192)
        let xi := mod(keccak256(at, 224), order)
        mstore(add(challenges, 96), xi)

        mstore(at, xi)
        calldatacopy(add(at, 32), add(self, 576), 192)
        let v := mod(keccak256(at, 224), order)
        mstore(add(challenges, 128), v)

        mstore(at, v)
        calldatacopy(add(at, 32), add(self, 448), 128)
        mstore(add(challenges, 160), mod(keccak256(at, 160), order))
    }
}
