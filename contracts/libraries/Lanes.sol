// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Lanes
/// @notice Little-endian elements of 1, 2, 4 or 8 bytes, packed without gaps.
/// @dev Works a word at a time: one byte swap serves up to 32 elements. Callers keep elements below 2^(8·width).
library Lanes {
    uint256 private constant ODD_BYTES = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
    uint256 private constant ODD_PAIRS = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
    uint256 private constant ODD_QUADS = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;

    /// @notice The flat index lies past the last element.
    error TensorIndexOutOfRange(uint256 index, uint256 count);

    /// @notice Packs `elements` to `width` bytes each.
    function pack(uint256[] memory elements, uint256 width) internal pure returns (bytes memory data) {
        uint256 count = elements.length;
        data = new bytes(count * width);
        // Bounds: `first + perWord <= count` wherever a whole word is taken, and the last word lies in the padding of
        // `data`, which is zero.
        unchecked {
            uint256 bits = 8 * width;
            uint256 perWord = 32 / width;
            uint256 target;
            for (uint256 first; first < count; first += perWord) {
                uint256 word;
                if (first + perWord <= count) {
                    word = _gather(elements, first, bits);
                } else {
                    uint256 shift = 256;
                    for (uint256 i = first; i < count; ++i) word |= elements[i] << (shift -= bits);
                }
                word = swap(word, width);
                target += 32;
                assembly ("memory-safe") {
                    mstore(add(data, target), word)
                }
            }
        }
    }

    /// @notice Unpacks all elements of `width` bytes; trailing bytes short of an element are ignored.
    function unpack(bytes memory data, uint256 width) internal pure returns (uint256[] memory elements) {
        uint256 count = data.length / width;
        elements = new uint256[](count);
        // Bounds: as in `pack`. The last load may read past `data`; what it finds there is shifted out.
        unchecked {
            uint256 bits = 8 * width;
            uint256 perWord = 32 / width;
            uint256 source;
            for (uint256 first; first < count; first += perWord) {
                uint256 word;
                source += 32;
                assembly ("memory-safe") {
                    word := mload(add(data, source))
                }
                word = swap(word, width);
                if (first + perWord <= count) {
                    _scatter(elements, first, word, bits);
                } else {
                    for (uint256 i = first; i < count; ++i) {
                        elements[i] = word >> (256 - bits);
                        word <<= bits;
                    }
                }
            }
        }
    }

    /// @notice The element at flat index `index`.
    function load(bytes memory data, uint256 index, uint256 width) internal pure returns (uint256) {
        return swap(_load(data, index, width), width) >> (256 - 8 * width);
    }

    /// @notice Overwrites the element at flat index `index`.
    function store(bytes memory data, uint256 index, uint256 width, uint256 element) internal pure {
        uint256 bits = 8 * width;
        uint256 rest = (_load(data, index, width) << bits) >> bits;
        uint256 word = swap(element << (256 - bits), width) | rest;
        assembly ("memory-safe") {
            mstore(add(add(data, 32), mul(index, width)), word)
        }
    }

    /// @notice Reverses the bytes inside every element of the word.
    function swap(uint256 word, uint256 width) internal pure returns (uint256) {
        if (width > 1) word = ((word >> 8) & ODD_BYTES) | ((word & ODD_BYTES) << 8);
        if (width > 2) word = ((word >> 16) & ODD_PAIRS) | ((word & ODD_PAIRS) << 16);
        if (width > 4) word = ((word >> 32) & ODD_QUADS) | ((word & ODD_QUADS) << 32);
        return word;
    }

    /// @dev The word that begins with the element; what follows it may belong to other memory.
    function _load(bytes memory data, uint256 index, uint256 width) private pure returns (uint256 word) {
        require(index < data.length / width, TensorIndexOutOfRange(index, data.length / width));
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), mul(index, width)))
        }
    }

    /// @dev A whole word of elements from `first` on, the first on top. Four at a time, as a word holds 4, 8, 16 or 32;
    /// 160 gas an element less than bounds-checked indexing.
    function _gather(uint256[] memory elements, uint256 first, uint256 bits) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            let source := add(add(elements, 32), shl(5, first))
            for {
                let shift := 256
            } shift {
                source := add(source, 128)
            } {
                let four := or(shl(bits, mload(source)), mload(add(source, 32)))
                four := or(shl(bits, four), mload(add(source, 64)))
                four := or(shl(bits, four), mload(add(source, 96)))
                shift := sub(shift, shl(2, bits))
                word := or(word, shl(shift, four))
            }
        }
    }

    /// @dev The reverse of `_gather`.
    function _scatter(uint256[] memory elements, uint256 first, uint256 word, uint256 bits) private pure {
        assembly ("memory-safe") {
            let target := add(add(elements, 32), shl(5, first))
            let drop := sub(256, bits)
            for {
                let left := 256
            } left {
                target := add(target, 128)
            } {
                mstore(target, shr(drop, word))
                word := shl(bits, word)
                mstore(add(target, 32), shr(drop, word))
                word := shl(bits, word)
                mstore(add(target, 64), shr(drop, word))
                word := shl(bits, word)
                mstore(add(target, 96), shr(drop, word))
                word := shl(bits, word)
                left := sub(left, shl(2, bits))
            }
        }
    }
}
