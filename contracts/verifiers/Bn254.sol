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
        isPoint = isG1OrZero(place);
        assembly ("memory-safe") {
            isPoint := and(isPoint, iszero(iszero(or(mload(place), mload(add(place, 32))))))
        }
    }

    /// @return isPoint whether 64 bytes at `place` of memory are a point of the first group
    function isG1OrZero(uint256 place) internal view returns (bool isPoint) {
        // A missing second point is read as zero, so that the sum is the point itself.
        assembly ("memory-safe") {
            isPoint := staticcall(ADD_GAS, 6, place, G1_BYTES, 0, G1_BYTES)
            isPoint := and(isPoint, eq(returndatasize(), G1_BYTES))
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

    /// @return isPoint whether 128 bytes at `place` of memory are a point of the second group other than zero
    function isG2(uint256 place) internal view returns (bool isPoint) {
        assembly ("memory-safe") {
            let word := or(or(mload(place), mload(add(place, 32))), or(mload(add(place, 64)), mload(add(place, 96))))
            isPoint := iszero(iszero(word))
        }
        isPoint = isPoint && areG2(place, place, place);
    }

    /// @return sum where in memory a sum of multiples of points is to begin; three words behind are its own
    function newSum() internal pure returns (uint256 sum) {
        assembly ("memory-safe") {
            sum := mload(0x40)
            mstore(0x40, add(sum, 160))
        }
    }

    /// @notice The first term, once; whether it is a point is seen when the next is added.
    function startWith(uint256 sum, uint256 place) internal pure {
        assembly ("memory-safe") {
            mcopy(sum, place, G1_BYTES)
        }
    }

    /// @notice The same with a point that was sent.
    function startWithGiven(uint256 sum, uint256[2] calldata point) internal pure {
        assembly ("memory-safe") {
            calldatacopy(sum, point, G1_BYTES)
        }
    }

    /// @notice Adds the point at `place` of memory, `scalar` times.
    /// @return isPoint whether it is one
    function addTimes(uint256 sum, uint256 place, uint256 scalar) internal view returns (bool isPoint) {
        assembly ("memory-safe") {
            mcopy(add(sum, 64), place, G1_BYTES)
        }
        isPoint = _addNext(sum, scalar);
    }

    /// @notice Adds a point that was sent, `scalar` times.
    function addTimesGiven(
        uint256 sum,
        uint256[2] calldata point,
        uint256 scalar
    ) internal view returns (bool isPoint) {
        assembly ("memory-safe") {
            calldatacopy(add(sum, 64), point, G1_BYTES)
        }
        isPoint = _addNext(sum, scalar);
    }

    /// @notice Adds the generator, `scalar` times.
    function addGenerator(uint256 sum, uint256 scalar) internal view returns (bool) {
        assembly ("memory-safe") {
            mstore(add(sum, 64), 1)
            mstore(add(sum, 96), 2)
        }
        return _addNext(sum, scalar);
    }

    /// @return isProduct whether e(point, other) = e(product, generator); false where the first sum is zero
    function isProductOf(uint256 point, uint256 other, uint256 product) internal view returns (bool isProduct) {
        (uint256 prime, uint256 pairingGas) = (PRIME, PAIRING_GAS + 2 * PAIR_GAS);
        // Minus zero would be beyond the field, which the precompile refuses.
        assembly ("memory-safe") {
            let pairs := mload(0x40)
            mstore(pairs, mload(point))
            mstore(add(pairs, 32), sub(prime, mload(add(point, 32))))
            mcopy(add(pairs, 64), other, G2_BYTES)
            mcopy(add(pairs, 192), product, G1_BYTES)
            mstore(add(pairs, 256), 0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2)
            mstore(add(pairs, 288), 0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed)
            mstore(add(pairs, 320), 0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b)
            mstore(add(pairs, 352), 0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa)
            isProduct := staticcall(pairingGas, 8, pairs, 384, 0, 32)
            isProduct := and(isProduct, eq(returndatasize(), 32))
            isProduct := and(isProduct, eq(mload(0), 1))
        }
    }

    /// @dev The point stands behind the sum; its multiple takes its place.
    function _addNext(uint256 sum, uint256 scalar) private view returns (bool isPoint) {
        assembly ("memory-safe") {
            let next := add(sum, 64)
            mstore(add(sum, 128), scalar)
            isPoint := staticcall(MULTIPLY_GAS, 7, next, 96, next, G1_BYTES)
            isPoint := and(isPoint, eq(returndatasize(), G1_BYTES))
            isPoint := and(isPoint, staticcall(ADD_GAS, 6, sum, 128, sum, G1_BYTES))
            isPoint := and(isPoint, eq(returndatasize(), G1_BYTES))
        }
    }
}
