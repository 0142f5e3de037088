// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// Fixed places of the machine's memory, so that the kernel of dense layers reads constant addresses: that makes a
// multiply-add a third cheaper. `DenseKernel` is generated from the first two.
uint256 constant X_BLOCK = 0x800;
uint256 constant W_BLOCK = 0x2800;
// A block of words and the parameters of 30 columns end before it.
uint256 constant HEAP = 0x4a00;

// Bytes from X_BLOCK on that tables and parameters may use between dense layers.
uint256 constant CACHE_BYTES = 16_384;

/// @title MachineMemory
/// @notice Sets the fixed places aside, and reads big-endian fields of records.
library MachineMemory {
    /// The compiler keeps more of its own variables in memory than the fixed places leave room for.
    error MemoryLayoutBroken(uint256 freeMemory);

    /// @notice Allocates the fixed places. The first thing that an entry point does.
    function reserve() internal pure {
        uint256 free = mark();
        require(free <= X_BLOCK, MemoryLayoutBroken(free));
        release(HEAP);
    }

    /// @notice Where free memory begins.
    function mark() internal pure returns (uint256 free) {
        assembly ("memory-safe") {
            free := mload(0x40)
        }
    }

    /// @notice Frees all that was allocated since `mark` returned `free`.
    function release(uint256 free) internal pure {
        assembly ("memory-safe") {
            mstore(0x40, free)
        }
    }

    /// @notice Allocates `size` bytes, a multiple of 32, without clearing them.
    function allocate(uint256 size) internal pure returns (uint256 place) {
        assembly ("memory-safe") {
            place := mload(0x40)
            mstore(0x40, add(place, size))
        }
    }

    function u8(uint256 place) internal pure returns (uint256) {
        return _word(place) >> 248;
    }

    function u16(uint256 place) internal pure returns (uint256) {
        return _word(place) >> 240;
    }

    function u32(uint256 place) internal pure returns (uint256) {
        return _word(place) >> 224;
    }

    function u64(uint256 place) internal pure returns (uint256) {
        return _word(place) >> 192;
    }

    function i32(uint256 place) internal pure returns (int256) {
        return int256(_word(place)) >> 224;
    }

    function i64(uint256 place) internal pure returns (int256) {
        return int256(_word(place)) >> 192;
    }

    function _word(uint256 place) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(place)
        }
    }
}
