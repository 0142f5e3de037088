// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bn254
/// @notice The curve that proofs live on, by the chain's precompiles (EIP-196, EIP-197). A point that is none takes all
/// gas that a precompile is given, so each gets twice what it costs and no more.
library Bn254 {
    /// Order of the field of coordinates.
    uint256 internal constant PRIME = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    uint256 internal constant ADD_GAS = 300;
    uint256 internal constant MULTIPLY_GAS = 12_000;
    uint256 internal constant PAIRING_GAS = 90_000;
    uint256 internal constant PAIR_GAS = 68_000;

    uint256 internal constant G1_BYTES = 64;
    uint256 internal constant G2_BYTES = 128;

    /// @return isPoint whether 64 bytes at `place` of memory are a point of the first group other than zero
    function isG1(uint256 place) internal view returns (bool isPoint) {
        // A missing second point is read as zero, so that the sum is the point itself.
        assembly ("memory-safe") {
            isPoint := staticcall(ADD_GAS, 6, place, G1_BYTES, 0, G1_BYTES)
            isPoint := and(isPoint, eq(returndatasize(), G1_BYTES))
            isPoint := and(isPoint, iszero(iszero(or(mload(place), mload(add(place, 32))))))
        }
    }

    /// @return arePoints whether the three points at these places of memory are of the second group
    function areG2(uint256 first, uint256 second, uint256 third) internal view returns (bool arePoints) {
        // What the pairings with the generator give does not matter, only that there are any.
        assembly ("memory-safe") {
            let pairs := mload(0x40)
            let place := first
            for {
                let at := pairs
            } lt(at, add(pairs, 576)) {
                at := add(at, 192)
            } {
                mstore(at, 1)
                mstore(add(at, 32), 2)
                mcopy(add(at, G1_BYTES), place, G2_BYTES)
                place := second
                if eq(at, add(pairs, 192)) {
                    place := third
                }
            }
            arePoints := staticcall(add(PAIRING_GAS, mul(3, PAIR_GAS)), 8, pairs, 576, 0, 32)
            arePoints := and(arePoints, eq(returndatasize(), 32))
        }
    }
}
