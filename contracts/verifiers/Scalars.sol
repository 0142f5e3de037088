// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Scalars
/// @notice The field of what points of BN254 are multiplied by. Every number given to a function is below `ORDER`.
library Scalars {
    uint256 internal constant ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        return addmod(a, b, ORDER);
    }

    function sub(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return addmod(a, ORDER - b, ORDER);
        }
    }

    function mul(uint256 a, uint256 b) internal pure returns (uint256) {
        return mulmod(a, b, ORDER);
    }

    /// @return square a^(2^times)
    function squared(uint256 a, uint256 times) internal pure returns (uint256 square) {
        square = a;
        // Down to zero, and no further.
        unchecked {
            for (; times != 0; --times) square = mulmod(square, square, ORDER);
        }
    }

    /// @return inverse of `a`; zero of zero
    function invert(uint256 a) internal view returns (uint256 inverse) {
        uint256 order = ORDER;
        // By Fermat, a^(ORDER - 2). The precompile (EIP-198) refuses no input of this form.
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, 32)
            mstore(add(at, 32), 32)
            mstore(add(at, 64), 32)
            mstore(add(at, 96), a)
            mstore(add(at, 128), sub(order, 2))
            mstore(add(at, 160), order)
            inverse := 0
            if staticcall(gas(), 5, at, 192, at, 32) {
                inverse := mload(at)
            }
        }
    }
}
