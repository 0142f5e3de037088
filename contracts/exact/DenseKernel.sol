// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title DenseKernel
/// @notice The inner sums of dense layers over the fixed blocks of inputs and weights, unrolled, so that every address
/// is a constant. Written by `scripts/exact/denseKernel.ts`.
/// @dev Each sum runs to `reach(terms)`. Inputs between must be zero.
library DenseKernel {
    // solhint-disable function-max-lines

    /// @notice Where the sums stop for that many terms, 1 to 256: at the next of
    /// 4, 8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256.
    function reach(uint256 terms) internal pure returns (uint256) {
        unchecked {
            if (terms > 192) return 256;
            if (terms > 96) return (terms + 31) & ~uint256(31);
            if (terms > 32) return (terms + 15) & ~uint256(15);
            if (terms > 16) return (terms + 7) & ~uint256(7);
            return (terms + 3) & ~uint256(3);
        }
    }

    /// @notice Adds the products of up to 30 columns to their sums at `place`: for each ten columns two words, the
    /// even and the odd lanes, 48 bits each.
    /// @dev A lane's first byte masked alone sums to 24 bits at most (256·255·255 < 2^24), so does its second, and
    /// the sum of the whole words, less these two, is that of its third.
    /// @param firstBytes the mask of every lane's first byte; for a literal the compiler would make a kernel of its own
    function multiply(uint256 terms, uint256 columns, uint256 place, uint256 firstBytes) internal pure {
        assembly ("memory-safe") {
            function wholeFew(limit) -> sum {
                sum := add(sum, mul(mload(0x2800), mload(0x800)))
                sum := add(sum, mul(mload(0x2820), mload(0x820)))
                sum := add(sum, mul(mload(0x2840), mload(0x840)))
                sum := add(sum, mul(mload(0x2860), mload(0x860)))
                if lt(limit, 5) {
                    leave
                }
                sum := add(sum, mul(mload(0x2880), mload(0x880)))
                sum := add(sum, mul(mload(0x28a0), mload(0x8a0)))
                sum := add(sum, mul(mload(0x28c0), mload(0x8c0)))
                sum := add(sum, mul(mload(0x28e0), mload(0x8e0)))
                if lt(limit, 9) {
                    leave
                }
                sum := add(sum, mul(mload(0x2900), mload(0x900)))
                sum := add(sum, mul(mload(0x2920), mload(0x920)))
                sum := add(sum, mul(mload(0x2940), mload(0x940)))
                sum := add(sum, mul(mload(0x2960), mload(0x960)))
                if lt(limit, 13) {
                    leave
                }
                sum := add(sum, mul(mload(0x2980), mload(0x980)))
                sum := add(sum, mul(mload(0x29a0), mload(0x9a0)))
                sum := add(sum, mul(mload(0x29c0), mload(0x9c0)))
                sum := add(sum, mul(mload(0x29e0), mload(0x9e0)))
                if lt(limit, 17) {
                    leave
                }
                sum := add(sum, mul(mload(0x2a00), mload(0xa00)))
                sum := add(sum, mul(mload(0x2a20), mload(0xa20)))
                sum := add(sum, mul(mload(0x2a40), mload(0xa40)))
                sum := add(sum, mul(mload(0x2a60), mload(0xa60)))
                sum := add(sum, mul(mload(0x2a80), mload(0xa80)))
                sum := add(sum, mul(mload(0x2aa0), mload(0xaa0)))
                sum := add(sum, mul(mload(0x2ac0), mload(0xac0)))
                sum := add(sum, mul(mload(0x2ae0), mload(0xae0)))
                if lt(limit, 25) {
                    leave
                }
                sum := add(sum, mul(mload(0x2b00), mload(0xb00)))
                sum := add(sum, mul(mload(0x2b20), mload(0xb20)))
                sum := add(sum, mul(mload(0x2b40), mload(0xb40)))
                sum := add(sum, mul(mload(0x2b60), mload(0xb60)))
                sum := add(sum, mul(mload(0x2b80), mload(0xb80)))
                sum := add(sum, mul(mload(0x2ba0), mload(0xba0)))
                sum := add(sum, mul(mload(0x2bc0), mload(0xbc0)))
                sum := add(sum, mul(mload(0x2be0), mload(0xbe0)))
            }
            function whole(limit) -> sum {
                if lt(limit, 33) {
                    sum := wholeFew(limit)
                    leave
                }
                sum := add(sum, mul(mload(0x2800), mload(0x800)))
                sum := add(sum, mul(mload(0x2820), mload(0x820)))
                sum := add(sum, mul(mload(0x2840), mload(0x840)))
                sum := add(sum, mul(mload(0x2860), mload(0x860)))
                sum := add(sum, mul(mload(0x2880), mload(0x880)))
                sum := add(sum, mul(mload(0x28a0), mload(0x8a0)))
                sum := add(sum, mul(mload(0x28c0), mload(0x8c0)))
                sum := add(sum, mul(mload(0x28e0), mload(0x8e0)))
                sum := add(sum, mul(mload(0x2900), mload(0x900)))
                sum := add(sum, mul(mload(0x2920), mload(0x920)))
                sum := add(sum, mul(mload(0x2940), mload(0x940)))
                sum := add(sum, mul(mload(0x2960), mload(0x960)))
                sum := add(sum, mul(mload(0x2980), mload(0x980)))
                sum := add(sum, mul(mload(0x29a0), mload(0x9a0)))
                sum := add(sum, mul(mload(0x29c0), mload(0x9c0)))
                sum := add(sum, mul(mload(0x29e0), mload(0x9e0)))
                sum := add(sum, mul(mload(0x2a00), mload(0xa00)))
                sum := add(sum, mul(mload(0x2a20), mload(0xa20)))
                sum := add(sum, mul(mload(0x2a40), mload(0xa40)))
                sum := add(sum, mul(mload(0x2a60), mload(0xa60)))
                sum := add(sum, mul(mload(0x2a80), mload(0xa80)))
                sum := add(sum, mul(mload(0x2aa0), mload(0xaa0)))
                sum := add(sum, mul(mload(0x2ac0), mload(0xac0)))
                sum := add(sum, mul(mload(0x2ae0), mload(0xae0)))
                sum := add(sum, mul(mload(0x2b00), mload(0xb00)))
                sum := add(sum, mul(mload(0x2b20), mload(0xb20)))
                sum := add(sum, mul(mload(0x2b40), mload(0xb40)))
                sum := add(sum, mul(mload(0x2b60), mload(0xb60)))
                sum := add(sum, mul(mload(0x2b80), mload(0xb80)))
                sum := add(sum, mul(mload(0x2ba0), mload(0xba0)))
                sum := add(sum, mul(mload(0x2bc0), mload(0xbc0)))
                sum := add(sum, mul(mload(0x2be0), mload(0xbe0)))
                sum := add(sum, mul(mload(0x2c00), mload(0xc00)))
                sum := add(sum, mul(mload(0x2c20), mload(0xc20)))
                sum := add(sum, mul(mload(0x2c40), mload(0xc40)))
                sum := add(sum, mul(mload(0x2c60), mload(0xc60)))
                sum := add(sum, mul(mload(0x2c80), mload(0xc80)))
                sum := add(sum, mul(mload(0x2ca0), mload(0xca0)))
                sum := add(sum, mul(mload(0x2cc0), mload(0xcc0)))
                sum := add(sum, mul(mload(0x2ce0), mload(0xce0)))
                sum := add(sum, mul(mload(0x2d00), mload(0xd00)))
                sum := add(sum, mul(mload(0x2d20), mload(0xd20)))
                sum := add(sum, mul(mload(0x2d40), mload(0xd40)))
                sum := add(sum, mul(mload(0x2d60), mload(0xd60)))
                sum := add(sum, mul(mload(0x2d80), mload(0xd80)))
                sum := add(sum, mul(mload(0x2da0), mload(0xda0)))
                sum := add(sum, mul(mload(0x2dc0), mload(0xdc0)))
                sum := add(sum, mul(mload(0x2de0), mload(0xde0)))
                if lt(limit, 49) {
                    leave
                }
                sum := add(sum, mul(mload(0x2e00), mload(0xe00)))
                sum := add(sum, mul(mload(0x2e20), mload(0xe20)))
                sum := add(sum, mul(mload(0x2e40), mload(0xe40)))
                sum := add(sum, mul(mload(0x2e60), mload(0xe60)))
                sum := add(sum, mul(mload(0x2e80), mload(0xe80)))
                sum := add(sum, mul(mload(0x2ea0), mload(0xea0)))
                sum := add(sum, mul(mload(0x2ec0), mload(0xec0)))
                sum := add(sum, mul(mload(0x2ee0), mload(0xee0)))
                sum := add(sum, mul(mload(0x2f00), mload(0xf00)))
                sum := add(sum, mul(mload(0x2f20), mload(0xf20)))
                sum := add(sum, mul(mload(0x2f40), mload(0xf40)))
                sum := add(sum, mul(mload(0x2f60), mload(0xf60)))
                sum := add(sum, mul(mload(0x2f80), mload(0xf80)))
                sum := add(sum, mul(mload(0x2fa0), mload(0xfa0)))
                sum := add(sum, mul(mload(0x2fc0), mload(0xfc0)))
                sum := add(sum, mul(mload(0x2fe0), mload(0xfe0)))
                if lt(limit, 65) {
                    leave
                }
                sum := add(sum, mul(mload(0x3000), mload(0x1000)))
                sum := add(sum, mul(mload(0x3020), mload(0x1020)))
                sum := add(sum, mul(mload(0x3040), mload(0x1040)))
                sum := add(sum, mul(mload(0x3060), mload(0x1060)))
                sum := add(sum, mul(mload(0x3080), mload(0x1080)))
                sum := add(sum, mul(mload(0x30a0), mload(0x10a0)))
                sum := add(sum, mul(mload(0x30c0), mload(0x10c0)))
                sum := add(sum, mul(mload(0x30e0), mload(0x10e0)))
                sum := add(sum, mul(mload(0x3100), mload(0x1100)))
                sum := add(sum, mul(mload(0x3120), mload(0x1120)))
                sum := add(sum, mul(mload(0x3140), mload(0x1140)))
                sum := add(sum, mul(mload(0x3160), mload(0x1160)))
                sum := add(sum, mul(mload(0x3180), mload(0x1180)))
                sum := add(sum, mul(mload(0x31a0), mload(0x11a0)))
                sum := add(sum, mul(mload(0x31c0), mload(0x11c0)))
                sum := add(sum, mul(mload(0x31e0), mload(0x11e0)))
                if lt(limit, 81) {
                    leave
                }
                sum := add(sum, mul(mload(0x3200), mload(0x1200)))
                sum := add(sum, mul(mload(0x3220), mload(0x1220)))
                sum := add(sum, mul(mload(0x3240), mload(0x1240)))
                sum := add(sum, mul(mload(0x3260), mload(0x1260)))
                sum := add(sum, mul(mload(0x3280), mload(0x1280)))
                sum := add(sum, mul(mload(0x32a0), mload(0x12a0)))
                sum := add(sum, mul(mload(0x32c0), mload(0x12c0)))
                sum := add(sum, mul(mload(0x32e0), mload(0x12e0)))
                sum := add(sum, mul(mload(0x3300), mload(0x1300)))
                sum := add(sum, mul(mload(0x3320), mload(0x1320)))
                sum := add(sum, mul(mload(0x3340), mload(0x1340)))
                sum := add(sum, mul(mload(0x3360), mload(0x1360)))
                sum := add(sum, mul(mload(0x3380), mload(0x1380)))
                sum := add(sum, mul(mload(0x33a0), mload(0x13a0)))
                sum := add(sum, mul(mload(0x33c0), mload(0x13c0)))
                sum := add(sum, mul(mload(0x33e0), mload(0x13e0)))
                if lt(limit, 97) {
                    leave
                }
                sum := add(sum, mul(mload(0x3400), mload(0x1400)))
                sum := add(sum, mul(mload(0x3420), mload(0x1420)))
                sum := add(sum, mul(mload(0x3440), mload(0x1440)))
                sum := add(sum, mul(mload(0x3460), mload(0x1460)))
                sum := add(sum, mul(mload(0x3480), mload(0x1480)))
                sum := add(sum, mul(mload(0x34a0), mload(0x14a0)))
                sum := add(sum, mul(mload(0x34c0), mload(0x14c0)))
                sum := add(sum, mul(mload(0x34e0), mload(0x14e0)))
                sum := add(sum, mul(mload(0x3500), mload(0x1500)))
                sum := add(sum, mul(mload(0x3520), mload(0x1520)))
                sum := add(sum, mul(mload(0x3540), mload(0x1540)))
                sum := add(sum, mul(mload(0x3560), mload(0x1560)))
                sum := add(sum, mul(mload(0x3580), mload(0x1580)))
                sum := add(sum, mul(mload(0x35a0), mload(0x15a0)))
                sum := add(sum, mul(mload(0x35c0), mload(0x15c0)))
                sum := add(sum, mul(mload(0x35e0), mload(0x15e0)))
                sum := add(sum, mul(mload(0x3600), mload(0x1600)))
                sum := add(sum, mul(mload(0x3620), mload(0x1620)))
                sum := add(sum, mul(mload(0x3640), mload(0x1640)))
                sum := add(sum, mul(mload(0x3660), mload(0x1660)))
                sum := add(sum, mul(mload(0x3680), mload(0x1680)))
                sum := add(sum, mul(mload(0x36a0), mload(0x16a0)))
                sum := add(sum, mul(mload(0x36c0), mload(0x16c0)))
                sum := add(sum, mul(mload(0x36e0), mload(0x16e0)))
                sum := add(sum, mul(mload(0x3700), mload(0x1700)))
                sum := add(sum, mul(mload(0x3720), mload(0x1720)))
                sum := add(sum, mul(mload(0x3740), mload(0x1740)))
                sum := add(sum, mul(mload(0x3760), mload(0x1760)))
                sum := add(sum, mul(mload(0x3780), mload(0x1780)))
                sum := add(sum, mul(mload(0x37a0), mload(0x17a0)))
                sum := add(sum, mul(mload(0x37c0), mload(0x17c0)))
                sum := add(sum, mul(mload(0x37e0), mload(0x17e0)))
                if lt(limit, 129) {
                    leave
                }
                sum := add(sum, mul(mload(0x3800), mload(0x1800)))
                sum := add(sum, mul(mload(0x3820), mload(0x1820)))
                sum := add(sum, mul(mload(0x3840), mload(0x1840)))
                sum := add(sum, mul(mload(0x3860), mload(0x1860)))
                sum := add(sum, mul(mload(0x3880), mload(0x1880)))
                sum := add(sum, mul(mload(0x38a0), mload(0x18a0)))
                sum := add(sum, mul(mload(0x38c0), mload(0x18c0)))
                sum := add(sum, mul(mload(0x38e0), mload(0x18e0)))
                sum := add(sum, mul(mload(0x3900), mload(0x1900)))
                sum := add(sum, mul(mload(0x3920), mload(0x1920)))
                sum := add(sum, mul(mload(0x3940), mload(0x1940)))
                sum := add(sum, mul(mload(0x3960), mload(0x1960)))
                sum := add(sum, mul(mload(0x3980), mload(0x1980)))
                sum := add(sum, mul(mload(0x39a0), mload(0x19a0)))
                sum := add(sum, mul(mload(0x39c0), mload(0x19c0)))
                sum := add(sum, mul(mload(0x39e0), mload(0x19e0)))
                sum := add(sum, mul(mload(0x3a00), mload(0x1a00)))
                sum := add(sum, mul(mload(0x3a20), mload(0x1a20)))
                sum := add(sum, mul(mload(0x3a40), mload(0x1a40)))
                sum := add(sum, mul(mload(0x3a60), mload(0x1a60)))
                sum := add(sum, mul(mload(0x3a80), mload(0x1a80)))
                sum := add(sum, mul(mload(0x3aa0), mload(0x1aa0)))
                sum := add(sum, mul(mload(0x3ac0), mload(0x1ac0)))
                sum := add(sum, mul(mload(0x3ae0), mload(0x1ae0)))
                sum := add(sum, mul(mload(0x3b00), mload(0x1b00)))
                sum := add(sum, mul(mload(0x3b20), mload(0x1b20)))
                sum := add(sum, mul(mload(0x3b40), mload(0x1b40)))
                sum := add(sum, mul(mload(0x3b60), mload(0x1b60)))
                sum := add(sum, mul(mload(0x3b80), mload(0x1b80)))
                sum := add(sum, mul(mload(0x3ba0), mload(0x1ba0)))
                sum := add(sum, mul(mload(0x3bc0), mload(0x1bc0)))
                sum := add(sum, mul(mload(0x3be0), mload(0x1be0)))
                if lt(limit, 161) {
                    leave
                }
                sum := add(sum, mul(mload(0x3c00), mload(0x1c00)))
                sum := add(sum, mul(mload(0x3c20), mload(0x1c20)))
                sum := add(sum, mul(mload(0x3c40), mload(0x1c40)))
                sum := add(sum, mul(mload(0x3c60), mload(0x1c60)))
                sum := add(sum, mul(mload(0x3c80), mload(0x1c80)))
                sum := add(sum, mul(mload(0x3ca0), mload(0x1ca0)))
                sum := add(sum, mul(mload(0x3cc0), mload(0x1cc0)))
                sum := add(sum, mul(mload(0x3ce0), mload(0x1ce0)))
                sum := add(sum, mul(mload(0x3d00), mload(0x1d00)))
                sum := add(sum, mul(mload(0x3d20), mload(0x1d20)))
                sum := add(sum, mul(mload(0x3d40), mload(0x1d40)))
                sum := add(sum, mul(mload(0x3d60), mload(0x1d60)))
                sum := add(sum, mul(mload(0x3d80), mload(0x1d80)))
                sum := add(sum, mul(mload(0x3da0), mload(0x1da0)))
                sum := add(sum, mul(mload(0x3dc0), mload(0x1dc0)))
                sum := add(sum, mul(mload(0x3de0), mload(0x1de0)))
                sum := add(sum, mul(mload(0x3e00), mload(0x1e00)))
                sum := add(sum, mul(mload(0x3e20), mload(0x1e20)))
                sum := add(sum, mul(mload(0x3e40), mload(0x1e40)))
                sum := add(sum, mul(mload(0x3e60), mload(0x1e60)))
                sum := add(sum, mul(mload(0x3e80), mload(0x1e80)))
                sum := add(sum, mul(mload(0x3ea0), mload(0x1ea0)))
                sum := add(sum, mul(mload(0x3ec0), mload(0x1ec0)))
                sum := add(sum, mul(mload(0x3ee0), mload(0x1ee0)))
                sum := add(sum, mul(mload(0x3f00), mload(0x1f00)))
                sum := add(sum, mul(mload(0x3f20), mload(0x1f20)))
                sum := add(sum, mul(mload(0x3f40), mload(0x1f40)))
                sum := add(sum, mul(mload(0x3f60), mload(0x1f60)))
                sum := add(sum, mul(mload(0x3f80), mload(0x1f80)))
                sum := add(sum, mul(mload(0x3fa0), mload(0x1fa0)))
                sum := add(sum, mul(mload(0x3fc0), mload(0x1fc0)))
                sum := add(sum, mul(mload(0x3fe0), mload(0x1fe0)))
                if lt(limit, 193) {
                    leave
                }
                sum := add(sum, mul(mload(0x4000), mload(0x2000)))
                sum := add(sum, mul(mload(0x4020), mload(0x2020)))
                sum := add(sum, mul(mload(0x4040), mload(0x2040)))
                sum := add(sum, mul(mload(0x4060), mload(0x2060)))
                sum := add(sum, mul(mload(0x4080), mload(0x2080)))
                sum := add(sum, mul(mload(0x40a0), mload(0x20a0)))
                sum := add(sum, mul(mload(0x40c0), mload(0x20c0)))
                sum := add(sum, mul(mload(0x40e0), mload(0x20e0)))
                sum := add(sum, mul(mload(0x4100), mload(0x2100)))
                sum := add(sum, mul(mload(0x4120), mload(0x2120)))
                sum := add(sum, mul(mload(0x4140), mload(0x2140)))
                sum := add(sum, mul(mload(0x4160), mload(0x2160)))
                sum := add(sum, mul(mload(0x4180), mload(0x2180)))
                sum := add(sum, mul(mload(0x41a0), mload(0x21a0)))
                sum := add(sum, mul(mload(0x41c0), mload(0x21c0)))
                sum := add(sum, mul(mload(0x41e0), mload(0x21e0)))
                sum := add(sum, mul(mload(0x4200), mload(0x2200)))
                sum := add(sum, mul(mload(0x4220), mload(0x2220)))
                sum := add(sum, mul(mload(0x4240), mload(0x2240)))
                sum := add(sum, mul(mload(0x4260), mload(0x2260)))
                sum := add(sum, mul(mload(0x4280), mload(0x2280)))
                sum := add(sum, mul(mload(0x42a0), mload(0x22a0)))
                sum := add(sum, mul(mload(0x42c0), mload(0x22c0)))
                sum := add(sum, mul(mload(0x42e0), mload(0x22e0)))
                sum := add(sum, mul(mload(0x4300), mload(0x2300)))
                sum := add(sum, mul(mload(0x4320), mload(0x2320)))
                sum := add(sum, mul(mload(0x4340), mload(0x2340)))
                sum := add(sum, mul(mload(0x4360), mload(0x2360)))
                sum := add(sum, mul(mload(0x4380), mload(0x2380)))
                sum := add(sum, mul(mload(0x43a0), mload(0x23a0)))
                sum := add(sum, mul(mload(0x43c0), mload(0x23c0)))
                sum := add(sum, mul(mload(0x43e0), mload(0x23e0)))
                sum := add(sum, mul(mload(0x4400), mload(0x2400)))
                sum := add(sum, mul(mload(0x4420), mload(0x2420)))
                sum := add(sum, mul(mload(0x4440), mload(0x2440)))
                sum := add(sum, mul(mload(0x4460), mload(0x2460)))
                sum := add(sum, mul(mload(0x4480), mload(0x2480)))
                sum := add(sum, mul(mload(0x44a0), mload(0x24a0)))
                sum := add(sum, mul(mload(0x44c0), mload(0x24c0)))
                sum := add(sum, mul(mload(0x44e0), mload(0x24e0)))
                sum := add(sum, mul(mload(0x4500), mload(0x2500)))
                sum := add(sum, mul(mload(0x4520), mload(0x2520)))
                sum := add(sum, mul(mload(0x4540), mload(0x2540)))
                sum := add(sum, mul(mload(0x4560), mload(0x2560)))
                sum := add(sum, mul(mload(0x4580), mload(0x2580)))
                sum := add(sum, mul(mload(0x45a0), mload(0x25a0)))
                sum := add(sum, mul(mload(0x45c0), mload(0x25c0)))
                sum := add(sum, mul(mload(0x45e0), mload(0x25e0)))
                sum := add(sum, mul(mload(0x4600), mload(0x2600)))
                sum := add(sum, mul(mload(0x4620), mload(0x2620)))
                sum := add(sum, mul(mload(0x4640), mload(0x2640)))
                sum := add(sum, mul(mload(0x4660), mload(0x2660)))
                sum := add(sum, mul(mload(0x4680), mload(0x2680)))
                sum := add(sum, mul(mload(0x46a0), mload(0x26a0)))
                sum := add(sum, mul(mload(0x46c0), mload(0x26c0)))
                sum := add(sum, mul(mload(0x46e0), mload(0x26e0)))
                sum := add(sum, mul(mload(0x4700), mload(0x2700)))
                sum := add(sum, mul(mload(0x4720), mload(0x2720)))
                sum := add(sum, mul(mload(0x4740), mload(0x2740)))
                sum := add(sum, mul(mload(0x4760), mload(0x2760)))
                sum := add(sum, mul(mload(0x4780), mload(0x2780)))
                sum := add(sum, mul(mload(0x47a0), mload(0x27a0)))
                sum := add(sum, mul(mload(0x47c0), mload(0x27c0)))
                sum := add(sum, mul(mload(0x47e0), mload(0x27e0)))
            }
            function maskedFew(limit, filter) -> sum {
                sum := add(sum, mul(and(mload(0x2800), filter), mload(0x800)))
                sum := add(sum, mul(and(mload(0x2820), filter), mload(0x820)))
                sum := add(sum, mul(and(mload(0x2840), filter), mload(0x840)))
                sum := add(sum, mul(and(mload(0x2860), filter), mload(0x860)))
                if lt(limit, 5) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2880), filter), mload(0x880)))
                sum := add(sum, mul(and(mload(0x28a0), filter), mload(0x8a0)))
                sum := add(sum, mul(and(mload(0x28c0), filter), mload(0x8c0)))
                sum := add(sum, mul(and(mload(0x28e0), filter), mload(0x8e0)))
                if lt(limit, 9) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2900), filter), mload(0x900)))
                sum := add(sum, mul(and(mload(0x2920), filter), mload(0x920)))
                sum := add(sum, mul(and(mload(0x2940), filter), mload(0x940)))
                sum := add(sum, mul(and(mload(0x2960), filter), mload(0x960)))
                if lt(limit, 13) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2980), filter), mload(0x980)))
                sum := add(sum, mul(and(mload(0x29a0), filter), mload(0x9a0)))
                sum := add(sum, mul(and(mload(0x29c0), filter), mload(0x9c0)))
                sum := add(sum, mul(and(mload(0x29e0), filter), mload(0x9e0)))
                if lt(limit, 17) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2a00), filter), mload(0xa00)))
                sum := add(sum, mul(and(mload(0x2a20), filter), mload(0xa20)))
                sum := add(sum, mul(and(mload(0x2a40), filter), mload(0xa40)))
                sum := add(sum, mul(and(mload(0x2a60), filter), mload(0xa60)))
                sum := add(sum, mul(and(mload(0x2a80), filter), mload(0xa80)))
                sum := add(sum, mul(and(mload(0x2aa0), filter), mload(0xaa0)))
                sum := add(sum, mul(and(mload(0x2ac0), filter), mload(0xac0)))
                sum := add(sum, mul(and(mload(0x2ae0), filter), mload(0xae0)))
                if lt(limit, 25) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2b00), filter), mload(0xb00)))
                sum := add(sum, mul(and(mload(0x2b20), filter), mload(0xb20)))
                sum := add(sum, mul(and(mload(0x2b40), filter), mload(0xb40)))
                sum := add(sum, mul(and(mload(0x2b60), filter), mload(0xb60)))
                sum := add(sum, mul(and(mload(0x2b80), filter), mload(0xb80)))
                sum := add(sum, mul(and(mload(0x2ba0), filter), mload(0xba0)))
                sum := add(sum, mul(and(mload(0x2bc0), filter), mload(0xbc0)))
                sum := add(sum, mul(and(mload(0x2be0), filter), mload(0xbe0)))
            }
            function masked(limit, filter) -> sum {
                if lt(limit, 33) {
                    sum := maskedFew(limit, filter)
                    leave
                }
                sum := add(sum, mul(and(mload(0x2800), filter), mload(0x800)))
                sum := add(sum, mul(and(mload(0x2820), filter), mload(0x820)))
                sum := add(sum, mul(and(mload(0x2840), filter), mload(0x840)))
                sum := add(sum, mul(and(mload(0x2860), filter), mload(0x860)))
                sum := add(sum, mul(and(mload(0x2880), filter), mload(0x880)))
                sum := add(sum, mul(and(mload(0x28a0), filter), mload(0x8a0)))
                sum := add(sum, mul(and(mload(0x28c0), filter), mload(0x8c0)))
                sum := add(sum, mul(and(mload(0x28e0), filter), mload(0x8e0)))
                sum := add(sum, mul(and(mload(0x2900), filter), mload(0x900)))
                sum := add(sum, mul(and(mload(0x2920), filter), mload(0x920)))
                sum := add(sum, mul(and(mload(0x2940), filter), mload(0x940)))
                sum := add(sum, mul(and(mload(0x2960), filter), mload(0x960)))
                sum := add(sum, mul(and(mload(0x2980), filter), mload(0x980)))
                sum := add(sum, mul(and(mload(0x29a0), filter), mload(0x9a0)))
                sum := add(sum, mul(and(mload(0x29c0), filter), mload(0x9c0)))
                sum := add(sum, mul(and(mload(0x29e0), filter), mload(0x9e0)))
                sum := add(sum, mul(and(mload(0x2a00), filter), mload(0xa00)))
                sum := add(sum, mul(and(mload(0x2a20), filter), mload(0xa20)))
                sum := add(sum, mul(and(mload(0x2a40), filter), mload(0xa40)))
                sum := add(sum, mul(and(mload(0x2a60), filter), mload(0xa60)))
                sum := add(sum, mul(and(mload(0x2a80), filter), mload(0xa80)))
                sum := add(sum, mul(and(mload(0x2aa0), filter), mload(0xaa0)))
                sum := add(sum, mul(and(mload(0x2ac0), filter), mload(0xac0)))
                sum := add(sum, mul(and(mload(0x2ae0), filter), mload(0xae0)))
                sum := add(sum, mul(and(mload(0x2b00), filter), mload(0xb00)))
                sum := add(sum, mul(and(mload(0x2b20), filter), mload(0xb20)))
                sum := add(sum, mul(and(mload(0x2b40), filter), mload(0xb40)))
                sum := add(sum, mul(and(mload(0x2b60), filter), mload(0xb60)))
                sum := add(sum, mul(and(mload(0x2b80), filter), mload(0xb80)))
                sum := add(sum, mul(and(mload(0x2ba0), filter), mload(0xba0)))
                sum := add(sum, mul(and(mload(0x2bc0), filter), mload(0xbc0)))
                sum := add(sum, mul(and(mload(0x2be0), filter), mload(0xbe0)))
                sum := add(sum, mul(and(mload(0x2c00), filter), mload(0xc00)))
                sum := add(sum, mul(and(mload(0x2c20), filter), mload(0xc20)))
                sum := add(sum, mul(and(mload(0x2c40), filter), mload(0xc40)))
                sum := add(sum, mul(and(mload(0x2c60), filter), mload(0xc60)))
                sum := add(sum, mul(and(mload(0x2c80), filter), mload(0xc80)))
                sum := add(sum, mul(and(mload(0x2ca0), filter), mload(0xca0)))
                sum := add(sum, mul(and(mload(0x2cc0), filter), mload(0xcc0)))
                sum := add(sum, mul(and(mload(0x2ce0), filter), mload(0xce0)))
                sum := add(sum, mul(and(mload(0x2d00), filter), mload(0xd00)))
                sum := add(sum, mul(and(mload(0x2d20), filter), mload(0xd20)))
                sum := add(sum, mul(and(mload(0x2d40), filter), mload(0xd40)))
                sum := add(sum, mul(and(mload(0x2d60), filter), mload(0xd60)))
                sum := add(sum, mul(and(mload(0x2d80), filter), mload(0xd80)))
                sum := add(sum, mul(and(mload(0x2da0), filter), mload(0xda0)))
                sum := add(sum, mul(and(mload(0x2dc0), filter), mload(0xdc0)))
                sum := add(sum, mul(and(mload(0x2de0), filter), mload(0xde0)))
                if lt(limit, 49) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x2e00), filter), mload(0xe00)))
                sum := add(sum, mul(and(mload(0x2e20), filter), mload(0xe20)))
                sum := add(sum, mul(and(mload(0x2e40), filter), mload(0xe40)))
                sum := add(sum, mul(and(mload(0x2e60), filter), mload(0xe60)))
                sum := add(sum, mul(and(mload(0x2e80), filter), mload(0xe80)))
                sum := add(sum, mul(and(mload(0x2ea0), filter), mload(0xea0)))
                sum := add(sum, mul(and(mload(0x2ec0), filter), mload(0xec0)))
                sum := add(sum, mul(and(mload(0x2ee0), filter), mload(0xee0)))
                sum := add(sum, mul(and(mload(0x2f00), filter), mload(0xf00)))
                sum := add(sum, mul(and(mload(0x2f20), filter), mload(0xf20)))
                sum := add(sum, mul(and(mload(0x2f40), filter), mload(0xf40)))
                sum := add(sum, mul(and(mload(0x2f60), filter), mload(0xf60)))
                sum := add(sum, mul(and(mload(0x2f80), filter), mload(0xf80)))
                sum := add(sum, mul(and(mload(0x2fa0), filter), mload(0xfa0)))
                sum := add(sum, mul(and(mload(0x2fc0), filter), mload(0xfc0)))
                sum := add(sum, mul(and(mload(0x2fe0), filter), mload(0xfe0)))
                if lt(limit, 65) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x3000), filter), mload(0x1000)))
                sum := add(sum, mul(and(mload(0x3020), filter), mload(0x1020)))
                sum := add(sum, mul(and(mload(0x3040), filter), mload(0x1040)))
                sum := add(sum, mul(and(mload(0x3060), filter), mload(0x1060)))
                sum := add(sum, mul(and(mload(0x3080), filter), mload(0x1080)))
                sum := add(sum, mul(and(mload(0x30a0), filter), mload(0x10a0)))
                sum := add(sum, mul(and(mload(0x30c0), filter), mload(0x10c0)))
                sum := add(sum, mul(and(mload(0x30e0), filter), mload(0x10e0)))
                sum := add(sum, mul(and(mload(0x3100), filter), mload(0x1100)))
                sum := add(sum, mul(and(mload(0x3120), filter), mload(0x1120)))
                sum := add(sum, mul(and(mload(0x3140), filter), mload(0x1140)))
                sum := add(sum, mul(and(mload(0x3160), filter), mload(0x1160)))
                sum := add(sum, mul(and(mload(0x3180), filter), mload(0x1180)))
                sum := add(sum, mul(and(mload(0x31a0), filter), mload(0x11a0)))
                sum := add(sum, mul(and(mload(0x31c0), filter), mload(0x11c0)))
                sum := add(sum, mul(and(mload(0x31e0), filter), mload(0x11e0)))
                if lt(limit, 81) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x3200), filter), mload(0x1200)))
                sum := add(sum, mul(and(mload(0x3220), filter), mload(0x1220)))
                sum := add(sum, mul(and(mload(0x3240), filter), mload(0x1240)))
                sum := add(sum, mul(and(mload(0x3260), filter), mload(0x1260)))
                sum := add(sum, mul(and(mload(0x3280), filter), mload(0x1280)))
                sum := add(sum, mul(and(mload(0x32a0), filter), mload(0x12a0)))
                sum := add(sum, mul(and(mload(0x32c0), filter), mload(0x12c0)))
                sum := add(sum, mul(and(mload(0x32e0), filter), mload(0x12e0)))
                sum := add(sum, mul(and(mload(0x3300), filter), mload(0x1300)))
                sum := add(sum, mul(and(mload(0x3320), filter), mload(0x1320)))
                sum := add(sum, mul(and(mload(0x3340), filter), mload(0x1340)))
                sum := add(sum, mul(and(mload(0x3360), filter), mload(0x1360)))
                sum := add(sum, mul(and(mload(0x3380), filter), mload(0x1380)))
                sum := add(sum, mul(and(mload(0x33a0), filter), mload(0x13a0)))
                sum := add(sum, mul(and(mload(0x33c0), filter), mload(0x13c0)))
                sum := add(sum, mul(and(mload(0x33e0), filter), mload(0x13e0)))
                if lt(limit, 97) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x3400), filter), mload(0x1400)))
                sum := add(sum, mul(and(mload(0x3420), filter), mload(0x1420)))
                sum := add(sum, mul(and(mload(0x3440), filter), mload(0x1440)))
                sum := add(sum, mul(and(mload(0x3460), filter), mload(0x1460)))
                sum := add(sum, mul(and(mload(0x3480), filter), mload(0x1480)))
                sum := add(sum, mul(and(mload(0x34a0), filter), mload(0x14a0)))
                sum := add(sum, mul(and(mload(0x34c0), filter), mload(0x14c0)))
                sum := add(sum, mul(and(mload(0x34e0), filter), mload(0x14e0)))
                sum := add(sum, mul(and(mload(0x3500), filter), mload(0x1500)))
                sum := add(sum, mul(and(mload(0x3520), filter), mload(0x1520)))
                sum := add(sum, mul(and(mload(0x3540), filter), mload(0x1540)))
                sum := add(sum, mul(and(mload(0x3560), filter), mload(0x1560)))
                sum := add(sum, mul(and(mload(0x3580), filter), mload(0x1580)))
                sum := add(sum, mul(and(mload(0x35a0), filter), mload(0x15a0)))
                sum := add(sum, mul(and(mload(0x35c0), filter), mload(0x15c0)))
                sum := add(sum, mul(and(mload(0x35e0), filter), mload(0x15e0)))
                sum := add(sum, mul(and(mload(0x3600), filter), mload(0x1600)))
                sum := add(sum, mul(and(mload(0x3620), filter), mload(0x1620)))
                sum := add(sum, mul(and(mload(0x3640), filter), mload(0x1640)))
                sum := add(sum, mul(and(mload(0x3660), filter), mload(0x1660)))
                sum := add(sum, mul(and(mload(0x3680), filter), mload(0x1680)))
                sum := add(sum, mul(and(mload(0x36a0), filter), mload(0x16a0)))
                sum := add(sum, mul(and(mload(0x36c0), filter), mload(0x16c0)))
                sum := add(sum, mul(and(mload(0x36e0), filter), mload(0x16e0)))
                sum := add(sum, mul(and(mload(0x3700), filter), mload(0x1700)))
                sum := add(sum, mul(and(mload(0x3720), filter), mload(0x1720)))
                sum := add(sum, mul(and(mload(0x3740), filter), mload(0x1740)))
                sum := add(sum, mul(and(mload(0x3760), filter), mload(0x1760)))
                sum := add(sum, mul(and(mload(0x3780), filter), mload(0x1780)))
                sum := add(sum, mul(and(mload(0x37a0), filter), mload(0x17a0)))
                sum := add(sum, mul(and(mload(0x37c0), filter), mload(0x17c0)))
                sum := add(sum, mul(and(mload(0x37e0), filter), mload(0x17e0)))
                if lt(limit, 129) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x3800), filter), mload(0x1800)))
                sum := add(sum, mul(and(mload(0x3820), filter), mload(0x1820)))
                sum := add(sum, mul(and(mload(0x3840), filter), mload(0x1840)))
                sum := add(sum, mul(and(mload(0x3860), filter), mload(0x1860)))
                sum := add(sum, mul(and(mload(0x3880), filter), mload(0x1880)))
                sum := add(sum, mul(and(mload(0x38a0), filter), mload(0x18a0)))
                sum := add(sum, mul(and(mload(0x38c0), filter), mload(0x18c0)))
                sum := add(sum, mul(and(mload(0x38e0), filter), mload(0x18e0)))
                sum := add(sum, mul(and(mload(0x3900), filter), mload(0x1900)))
                sum := add(sum, mul(and(mload(0x3920), filter), mload(0x1920)))
                sum := add(sum, mul(and(mload(0x3940), filter), mload(0x1940)))
                sum := add(sum, mul(and(mload(0x3960), filter), mload(0x1960)))
                sum := add(sum, mul(and(mload(0x3980), filter), mload(0x1980)))
                sum := add(sum, mul(and(mload(0x39a0), filter), mload(0x19a0)))
                sum := add(sum, mul(and(mload(0x39c0), filter), mload(0x19c0)))
                sum := add(sum, mul(and(mload(0x39e0), filter), mload(0x19e0)))
                sum := add(sum, mul(and(mload(0x3a00), filter), mload(0x1a00)))
                sum := add(sum, mul(and(mload(0x3a20), filter), mload(0x1a20)))
                sum := add(sum, mul(and(mload(0x3a40), filter), mload(0x1a40)))
                sum := add(sum, mul(and(mload(0x3a60), filter), mload(0x1a60)))
                sum := add(sum, mul(and(mload(0x3a80), filter), mload(0x1a80)))
                sum := add(sum, mul(and(mload(0x3aa0), filter), mload(0x1aa0)))
                sum := add(sum, mul(and(mload(0x3ac0), filter), mload(0x1ac0)))
                sum := add(sum, mul(and(mload(0x3ae0), filter), mload(0x1ae0)))
                sum := add(sum, mul(and(mload(0x3b00), filter), mload(0x1b00)))
                sum := add(sum, mul(and(mload(0x3b20), filter), mload(0x1b20)))
                sum := add(sum, mul(and(mload(0x3b40), filter), mload(0x1b40)))
                sum := add(sum, mul(and(mload(0x3b60), filter), mload(0x1b60)))
                sum := add(sum, mul(and(mload(0x3b80), filter), mload(0x1b80)))
                sum := add(sum, mul(and(mload(0x3ba0), filter), mload(0x1ba0)))
                sum := add(sum, mul(and(mload(0x3bc0), filter), mload(0x1bc0)))
                sum := add(sum, mul(and(mload(0x3be0), filter), mload(0x1be0)))
                if lt(limit, 161) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x3c00), filter), mload(0x1c00)))
                sum := add(sum, mul(and(mload(0x3c20), filter), mload(0x1c20)))
                sum := add(sum, mul(and(mload(0x3c40), filter), mload(0x1c40)))
                sum := add(sum, mul(and(mload(0x3c60), filter), mload(0x1c60)))
                sum := add(sum, mul(and(mload(0x3c80), filter), mload(0x1c80)))
                sum := add(sum, mul(and(mload(0x3ca0), filter), mload(0x1ca0)))
                sum := add(sum, mul(and(mload(0x3cc0), filter), mload(0x1cc0)))
                sum := add(sum, mul(and(mload(0x3ce0), filter), mload(0x1ce0)))
                sum := add(sum, mul(and(mload(0x3d00), filter), mload(0x1d00)))
                sum := add(sum, mul(and(mload(0x3d20), filter), mload(0x1d20)))
                sum := add(sum, mul(and(mload(0x3d40), filter), mload(0x1d40)))
                sum := add(sum, mul(and(mload(0x3d60), filter), mload(0x1d60)))
                sum := add(sum, mul(and(mload(0x3d80), filter), mload(0x1d80)))
                sum := add(sum, mul(and(mload(0x3da0), filter), mload(0x1da0)))
                sum := add(sum, mul(and(mload(0x3dc0), filter), mload(0x1dc0)))
                sum := add(sum, mul(and(mload(0x3de0), filter), mload(0x1de0)))
                sum := add(sum, mul(and(mload(0x3e00), filter), mload(0x1e00)))
                sum := add(sum, mul(and(mload(0x3e20), filter), mload(0x1e20)))
                sum := add(sum, mul(and(mload(0x3e40), filter), mload(0x1e40)))
                sum := add(sum, mul(and(mload(0x3e60), filter), mload(0x1e60)))
                sum := add(sum, mul(and(mload(0x3e80), filter), mload(0x1e80)))
                sum := add(sum, mul(and(mload(0x3ea0), filter), mload(0x1ea0)))
                sum := add(sum, mul(and(mload(0x3ec0), filter), mload(0x1ec0)))
                sum := add(sum, mul(and(mload(0x3ee0), filter), mload(0x1ee0)))
                sum := add(sum, mul(and(mload(0x3f00), filter), mload(0x1f00)))
                sum := add(sum, mul(and(mload(0x3f20), filter), mload(0x1f20)))
                sum := add(sum, mul(and(mload(0x3f40), filter), mload(0x1f40)))
                sum := add(sum, mul(and(mload(0x3f60), filter), mload(0x1f60)))
                sum := add(sum, mul(and(mload(0x3f80), filter), mload(0x1f80)))
                sum := add(sum, mul(and(mload(0x3fa0), filter), mload(0x1fa0)))
                sum := add(sum, mul(and(mload(0x3fc0), filter), mload(0x1fc0)))
                sum := add(sum, mul(and(mload(0x3fe0), filter), mload(0x1fe0)))
                if lt(limit, 193) {
                    leave
                }
                sum := add(sum, mul(and(mload(0x4000), filter), mload(0x2000)))
                sum := add(sum, mul(and(mload(0x4020), filter), mload(0x2020)))
                sum := add(sum, mul(and(mload(0x4040), filter), mload(0x2040)))
                sum := add(sum, mul(and(mload(0x4060), filter), mload(0x2060)))
                sum := add(sum, mul(and(mload(0x4080), filter), mload(0x2080)))
                sum := add(sum, mul(and(mload(0x40a0), filter), mload(0x20a0)))
                sum := add(sum, mul(and(mload(0x40c0), filter), mload(0x20c0)))
                sum := add(sum, mul(and(mload(0x40e0), filter), mload(0x20e0)))
                sum := add(sum, mul(and(mload(0x4100), filter), mload(0x2100)))
                sum := add(sum, mul(and(mload(0x4120), filter), mload(0x2120)))
                sum := add(sum, mul(and(mload(0x4140), filter), mload(0x2140)))
                sum := add(sum, mul(and(mload(0x4160), filter), mload(0x2160)))
                sum := add(sum, mul(and(mload(0x4180), filter), mload(0x2180)))
                sum := add(sum, mul(and(mload(0x41a0), filter), mload(0x21a0)))
                sum := add(sum, mul(and(mload(0x41c0), filter), mload(0x21c0)))
                sum := add(sum, mul(and(mload(0x41e0), filter), mload(0x21e0)))
                sum := add(sum, mul(and(mload(0x4200), filter), mload(0x2200)))
                sum := add(sum, mul(and(mload(0x4220), filter), mload(0x2220)))
                sum := add(sum, mul(and(mload(0x4240), filter), mload(0x2240)))
                sum := add(sum, mul(and(mload(0x4260), filter), mload(0x2260)))
                sum := add(sum, mul(and(mload(0x4280), filter), mload(0x2280)))
                sum := add(sum, mul(and(mload(0x42a0), filter), mload(0x22a0)))
                sum := add(sum, mul(and(mload(0x42c0), filter), mload(0x22c0)))
                sum := add(sum, mul(and(mload(0x42e0), filter), mload(0x22e0)))
                sum := add(sum, mul(and(mload(0x4300), filter), mload(0x2300)))
                sum := add(sum, mul(and(mload(0x4320), filter), mload(0x2320)))
                sum := add(sum, mul(and(mload(0x4340), filter), mload(0x2340)))
                sum := add(sum, mul(and(mload(0x4360), filter), mload(0x2360)))
                sum := add(sum, mul(and(mload(0x4380), filter), mload(0x2380)))
                sum := add(sum, mul(and(mload(0x43a0), filter), mload(0x23a0)))
                sum := add(sum, mul(and(mload(0x43c0), filter), mload(0x23c0)))
                sum := add(sum, mul(and(mload(0x43e0), filter), mload(0x23e0)))
                sum := add(sum, mul(and(mload(0x4400), filter), mload(0x2400)))
                sum := add(sum, mul(and(mload(0x4420), filter), mload(0x2420)))
                sum := add(sum, mul(and(mload(0x4440), filter), mload(0x2440)))
                sum := add(sum, mul(and(mload(0x4460), filter), mload(0x2460)))
                sum := add(sum, mul(and(mload(0x4480), filter), mload(0x2480)))
                sum := add(sum, mul(and(mload(0x44a0), filter), mload(0x24a0)))
                sum := add(sum, mul(and(mload(0x44c0), filter), mload(0x24c0)))
                sum := add(sum, mul(and(mload(0x44e0), filter), mload(0x24e0)))
                sum := add(sum, mul(and(mload(0x4500), filter), mload(0x2500)))
                sum := add(sum, mul(and(mload(0x4520), filter), mload(0x2520)))
                sum := add(sum, mul(and(mload(0x4540), filter), mload(0x2540)))
                sum := add(sum, mul(and(mload(0x4560), filter), mload(0x2560)))
                sum := add(sum, mul(and(mload(0x4580), filter), mload(0x2580)))
                sum := add(sum, mul(and(mload(0x45a0), filter), mload(0x25a0)))
                sum := add(sum, mul(and(mload(0x45c0), filter), mload(0x25c0)))
                sum := add(sum, mul(and(mload(0x45e0), filter), mload(0x25e0)))
                sum := add(sum, mul(and(mload(0x4600), filter), mload(0x2600)))
                sum := add(sum, mul(and(mload(0x4620), filter), mload(0x2620)))
                sum := add(sum, mul(and(mload(0x4640), filter), mload(0x2640)))
                sum := add(sum, mul(and(mload(0x4660), filter), mload(0x2660)))
                sum := add(sum, mul(and(mload(0x4680), filter), mload(0x2680)))
                sum := add(sum, mul(and(mload(0x46a0), filter), mload(0x26a0)))
                sum := add(sum, mul(and(mload(0x46c0), filter), mload(0x26c0)))
                sum := add(sum, mul(and(mload(0x46e0), filter), mload(0x26e0)))
                sum := add(sum, mul(and(mload(0x4700), filter), mload(0x2700)))
                sum := add(sum, mul(and(mload(0x4720), filter), mload(0x2720)))
                sum := add(sum, mul(and(mload(0x4740), filter), mload(0x2740)))
                sum := add(sum, mul(and(mload(0x4760), filter), mload(0x2760)))
                sum := add(sum, mul(and(mload(0x4780), filter), mload(0x2780)))
                sum := add(sum, mul(and(mload(0x47a0), filter), mload(0x27a0)))
                sum := add(sum, mul(and(mload(0x47c0), filter), mload(0x27c0)))
                sum := add(sum, mul(and(mload(0x47e0), filter), mload(0x27e0)))
            }
            function accumulate(to, sum) {
                let even := 0xffffff000000ffffff000000ffffff000000ffffff000000ffffff
                mstore(to, add(mload(to), and(sum, even)))
                mstore(add(to, 32), add(mload(add(to, 32)), and(shr(24, sum), even)))
            }
            let all := whole(terms)
            if gt(columns, 10) {
                let first := masked(terms, firstBytes)
                all := sub(all, first)
                accumulate(place, first)
                place := add(place, 64)
                if gt(columns, 20) {
                    let second := masked(terms, shl(8, firstBytes))
                    all := shr(8, sub(all, second))
                    accumulate(place, shr(8, second))
                    place := add(place, 64)
                }
                all := shr(8, all)
            }
            accumulate(place, all)
        }
    }

    /// @notice Σ of the inputs.
    function inputSum(uint256 terms) internal pure returns (uint256 total) {
        assembly ("memory-safe") {
            function inputsFew(limit) -> sum {
                sum := add(sum, mload(0x800))
                sum := add(sum, mload(0x820))
                sum := add(sum, mload(0x840))
                sum := add(sum, mload(0x860))
                if lt(limit, 5) {
                    leave
                }
                sum := add(sum, mload(0x880))
                sum := add(sum, mload(0x8a0))
                sum := add(sum, mload(0x8c0))
                sum := add(sum, mload(0x8e0))
                if lt(limit, 9) {
                    leave
                }
                sum := add(sum, mload(0x900))
                sum := add(sum, mload(0x920))
                sum := add(sum, mload(0x940))
                sum := add(sum, mload(0x960))
                if lt(limit, 13) {
                    leave
                }
                sum := add(sum, mload(0x980))
                sum := add(sum, mload(0x9a0))
                sum := add(sum, mload(0x9c0))
                sum := add(sum, mload(0x9e0))
                if lt(limit, 17) {
                    leave
                }
                sum := add(sum, mload(0xa00))
                sum := add(sum, mload(0xa20))
                sum := add(sum, mload(0xa40))
                sum := add(sum, mload(0xa60))
                sum := add(sum, mload(0xa80))
                sum := add(sum, mload(0xaa0))
                sum := add(sum, mload(0xac0))
                sum := add(sum, mload(0xae0))
                if lt(limit, 25) {
                    leave
                }
                sum := add(sum, mload(0xb00))
                sum := add(sum, mload(0xb20))
                sum := add(sum, mload(0xb40))
                sum := add(sum, mload(0xb60))
                sum := add(sum, mload(0xb80))
                sum := add(sum, mload(0xba0))
                sum := add(sum, mload(0xbc0))
                sum := add(sum, mload(0xbe0))
            }
            function inputs(limit) -> sum {
                if lt(limit, 33) {
                    sum := inputsFew(limit)
                    leave
                }
                sum := add(sum, mload(0x800))
                sum := add(sum, mload(0x820))
                sum := add(sum, mload(0x840))
                sum := add(sum, mload(0x860))
                sum := add(sum, mload(0x880))
                sum := add(sum, mload(0x8a0))
                sum := add(sum, mload(0x8c0))
                sum := add(sum, mload(0x8e0))
                sum := add(sum, mload(0x900))
                sum := add(sum, mload(0x920))
                sum := add(sum, mload(0x940))
                sum := add(sum, mload(0x960))
                sum := add(sum, mload(0x980))
                sum := add(sum, mload(0x9a0))
                sum := add(sum, mload(0x9c0))
                sum := add(sum, mload(0x9e0))
                sum := add(sum, mload(0xa00))
                sum := add(sum, mload(0xa20))
                sum := add(sum, mload(0xa40))
                sum := add(sum, mload(0xa60))
                sum := add(sum, mload(0xa80))
                sum := add(sum, mload(0xaa0))
                sum := add(sum, mload(0xac0))
                sum := add(sum, mload(0xae0))
                sum := add(sum, mload(0xb00))
                sum := add(sum, mload(0xb20))
                sum := add(sum, mload(0xb40))
                sum := add(sum, mload(0xb60))
                sum := add(sum, mload(0xb80))
                sum := add(sum, mload(0xba0))
                sum := add(sum, mload(0xbc0))
                sum := add(sum, mload(0xbe0))
                sum := add(sum, mload(0xc00))
                sum := add(sum, mload(0xc20))
                sum := add(sum, mload(0xc40))
                sum := add(sum, mload(0xc60))
                sum := add(sum, mload(0xc80))
                sum := add(sum, mload(0xca0))
                sum := add(sum, mload(0xcc0))
                sum := add(sum, mload(0xce0))
                sum := add(sum, mload(0xd00))
                sum := add(sum, mload(0xd20))
                sum := add(sum, mload(0xd40))
                sum := add(sum, mload(0xd60))
                sum := add(sum, mload(0xd80))
                sum := add(sum, mload(0xda0))
                sum := add(sum, mload(0xdc0))
                sum := add(sum, mload(0xde0))
                if lt(limit, 49) {
                    leave
                }
                sum := add(sum, mload(0xe00))
                sum := add(sum, mload(0xe20))
                sum := add(sum, mload(0xe40))
                sum := add(sum, mload(0xe60))
                sum := add(sum, mload(0xe80))
                sum := add(sum, mload(0xea0))
                sum := add(sum, mload(0xec0))
                sum := add(sum, mload(0xee0))
                sum := add(sum, mload(0xf00))
                sum := add(sum, mload(0xf20))
                sum := add(sum, mload(0xf40))
                sum := add(sum, mload(0xf60))
                sum := add(sum, mload(0xf80))
                sum := add(sum, mload(0xfa0))
                sum := add(sum, mload(0xfc0))
                sum := add(sum, mload(0xfe0))
                if lt(limit, 65) {
                    leave
                }
                sum := add(sum, mload(0x1000))
                sum := add(sum, mload(0x1020))
                sum := add(sum, mload(0x1040))
                sum := add(sum, mload(0x1060))
                sum := add(sum, mload(0x1080))
                sum := add(sum, mload(0x10a0))
                sum := add(sum, mload(0x10c0))
                sum := add(sum, mload(0x10e0))
                sum := add(sum, mload(0x1100))
                sum := add(sum, mload(0x1120))
                sum := add(sum, mload(0x1140))
                sum := add(sum, mload(0x1160))
                sum := add(sum, mload(0x1180))
                sum := add(sum, mload(0x11a0))
                sum := add(sum, mload(0x11c0))
                sum := add(sum, mload(0x11e0))
                if lt(limit, 81) {
                    leave
                }
                sum := add(sum, mload(0x1200))
                sum := add(sum, mload(0x1220))
                sum := add(sum, mload(0x1240))
                sum := add(sum, mload(0x1260))
                sum := add(sum, mload(0x1280))
                sum := add(sum, mload(0x12a0))
                sum := add(sum, mload(0x12c0))
                sum := add(sum, mload(0x12e0))
                sum := add(sum, mload(0x1300))
                sum := add(sum, mload(0x1320))
                sum := add(sum, mload(0x1340))
                sum := add(sum, mload(0x1360))
                sum := add(sum, mload(0x1380))
                sum := add(sum, mload(0x13a0))
                sum := add(sum, mload(0x13c0))
                sum := add(sum, mload(0x13e0))
                if lt(limit, 97) {
                    leave
                }
                sum := add(sum, mload(0x1400))
                sum := add(sum, mload(0x1420))
                sum := add(sum, mload(0x1440))
                sum := add(sum, mload(0x1460))
                sum := add(sum, mload(0x1480))
                sum := add(sum, mload(0x14a0))
                sum := add(sum, mload(0x14c0))
                sum := add(sum, mload(0x14e0))
                sum := add(sum, mload(0x1500))
                sum := add(sum, mload(0x1520))
                sum := add(sum, mload(0x1540))
                sum := add(sum, mload(0x1560))
                sum := add(sum, mload(0x1580))
                sum := add(sum, mload(0x15a0))
                sum := add(sum, mload(0x15c0))
                sum := add(sum, mload(0x15e0))
                sum := add(sum, mload(0x1600))
                sum := add(sum, mload(0x1620))
                sum := add(sum, mload(0x1640))
                sum := add(sum, mload(0x1660))
                sum := add(sum, mload(0x1680))
                sum := add(sum, mload(0x16a0))
                sum := add(sum, mload(0x16c0))
                sum := add(sum, mload(0x16e0))
                sum := add(sum, mload(0x1700))
                sum := add(sum, mload(0x1720))
                sum := add(sum, mload(0x1740))
                sum := add(sum, mload(0x1760))
                sum := add(sum, mload(0x1780))
                sum := add(sum, mload(0x17a0))
                sum := add(sum, mload(0x17c0))
                sum := add(sum, mload(0x17e0))
                if lt(limit, 129) {
                    leave
                }
                sum := add(sum, mload(0x1800))
                sum := add(sum, mload(0x1820))
                sum := add(sum, mload(0x1840))
                sum := add(sum, mload(0x1860))
                sum := add(sum, mload(0x1880))
                sum := add(sum, mload(0x18a0))
                sum := add(sum, mload(0x18c0))
                sum := add(sum, mload(0x18e0))
                sum := add(sum, mload(0x1900))
                sum := add(sum, mload(0x1920))
                sum := add(sum, mload(0x1940))
                sum := add(sum, mload(0x1960))
                sum := add(sum, mload(0x1980))
                sum := add(sum, mload(0x19a0))
                sum := add(sum, mload(0x19c0))
                sum := add(sum, mload(0x19e0))
                sum := add(sum, mload(0x1a00))
                sum := add(sum, mload(0x1a20))
                sum := add(sum, mload(0x1a40))
                sum := add(sum, mload(0x1a60))
                sum := add(sum, mload(0x1a80))
                sum := add(sum, mload(0x1aa0))
                sum := add(sum, mload(0x1ac0))
                sum := add(sum, mload(0x1ae0))
                sum := add(sum, mload(0x1b00))
                sum := add(sum, mload(0x1b20))
                sum := add(sum, mload(0x1b40))
                sum := add(sum, mload(0x1b60))
                sum := add(sum, mload(0x1b80))
                sum := add(sum, mload(0x1ba0))
                sum := add(sum, mload(0x1bc0))
                sum := add(sum, mload(0x1be0))
                if lt(limit, 161) {
                    leave
                }
                sum := add(sum, mload(0x1c00))
                sum := add(sum, mload(0x1c20))
                sum := add(sum, mload(0x1c40))
                sum := add(sum, mload(0x1c60))
                sum := add(sum, mload(0x1c80))
                sum := add(sum, mload(0x1ca0))
                sum := add(sum, mload(0x1cc0))
                sum := add(sum, mload(0x1ce0))
                sum := add(sum, mload(0x1d00))
                sum := add(sum, mload(0x1d20))
                sum := add(sum, mload(0x1d40))
                sum := add(sum, mload(0x1d60))
                sum := add(sum, mload(0x1d80))
                sum := add(sum, mload(0x1da0))
                sum := add(sum, mload(0x1dc0))
                sum := add(sum, mload(0x1de0))
                sum := add(sum, mload(0x1e00))
                sum := add(sum, mload(0x1e20))
                sum := add(sum, mload(0x1e40))
                sum := add(sum, mload(0x1e60))
                sum := add(sum, mload(0x1e80))
                sum := add(sum, mload(0x1ea0))
                sum := add(sum, mload(0x1ec0))
                sum := add(sum, mload(0x1ee0))
                sum := add(sum, mload(0x1f00))
                sum := add(sum, mload(0x1f20))
                sum := add(sum, mload(0x1f40))
                sum := add(sum, mload(0x1f60))
                sum := add(sum, mload(0x1f80))
                sum := add(sum, mload(0x1fa0))
                sum := add(sum, mload(0x1fc0))
                sum := add(sum, mload(0x1fe0))
                if lt(limit, 193) {
                    leave
                }
                sum := add(sum, mload(0x2000))
                sum := add(sum, mload(0x2020))
                sum := add(sum, mload(0x2040))
                sum := add(sum, mload(0x2060))
                sum := add(sum, mload(0x2080))
                sum := add(sum, mload(0x20a0))
                sum := add(sum, mload(0x20c0))
                sum := add(sum, mload(0x20e0))
                sum := add(sum, mload(0x2100))
                sum := add(sum, mload(0x2120))
                sum := add(sum, mload(0x2140))
                sum := add(sum, mload(0x2160))
                sum := add(sum, mload(0x2180))
                sum := add(sum, mload(0x21a0))
                sum := add(sum, mload(0x21c0))
                sum := add(sum, mload(0x21e0))
                sum := add(sum, mload(0x2200))
                sum := add(sum, mload(0x2220))
                sum := add(sum, mload(0x2240))
                sum := add(sum, mload(0x2260))
                sum := add(sum, mload(0x2280))
                sum := add(sum, mload(0x22a0))
                sum := add(sum, mload(0x22c0))
                sum := add(sum, mload(0x22e0))
                sum := add(sum, mload(0x2300))
                sum := add(sum, mload(0x2320))
                sum := add(sum, mload(0x2340))
                sum := add(sum, mload(0x2360))
                sum := add(sum, mload(0x2380))
                sum := add(sum, mload(0x23a0))
                sum := add(sum, mload(0x23c0))
                sum := add(sum, mload(0x23e0))
                sum := add(sum, mload(0x2400))
                sum := add(sum, mload(0x2420))
                sum := add(sum, mload(0x2440))
                sum := add(sum, mload(0x2460))
                sum := add(sum, mload(0x2480))
                sum := add(sum, mload(0x24a0))
                sum := add(sum, mload(0x24c0))
                sum := add(sum, mload(0x24e0))
                sum := add(sum, mload(0x2500))
                sum := add(sum, mload(0x2520))
                sum := add(sum, mload(0x2540))
                sum := add(sum, mload(0x2560))
                sum := add(sum, mload(0x2580))
                sum := add(sum, mload(0x25a0))
                sum := add(sum, mload(0x25c0))
                sum := add(sum, mload(0x25e0))
                sum := add(sum, mload(0x2600))
                sum := add(sum, mload(0x2620))
                sum := add(sum, mload(0x2640))
                sum := add(sum, mload(0x2660))
                sum := add(sum, mload(0x2680))
                sum := add(sum, mload(0x26a0))
                sum := add(sum, mload(0x26c0))
                sum := add(sum, mload(0x26e0))
                sum := add(sum, mload(0x2700))
                sum := add(sum, mload(0x2720))
                sum := add(sum, mload(0x2740))
                sum := add(sum, mload(0x2760))
                sum := add(sum, mload(0x2780))
                sum := add(sum, mload(0x27a0))
                sum := add(sum, mload(0x27c0))
                sum := add(sum, mload(0x27e0))
            }
            total := inputs(terms)
        }
    }

    /// @notice Makes elements at `y` of the sums that `multiply` left at `place`.
    /// @param params of each column m i64 and b i64
    /// @param correction what every sum has too much
    /// @param r divisor, lower and upper bound, i64 each
    /// @dev Ten at a time where the lower bound is zero, as it is for bytes. Divisor and range wait in the scratch
    /// space: not all fits the stack. The functions inside end early, so that they are not merged into others either.
    function requantise(
        uint256 place,
        uint256 columns,
        uint256 params,
        uint256 y,
        uint256 correction,
        uint256 r
    ) internal pure {
        assembly ("memory-safe") {
            function tens(from, left, param, to, excess) {
                for {} gt(left, 9) {
                    left := sub(left, 10)
                } {
                    let even := mload(from)
                    let odd := mload(add(from, 32))
                    {
                        let pair := mload(param)
                        let value := add(and(even, 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(to, value)
                    }
                    {
                        let pair := mload(add(param, 16))
                        let value := add(and(odd, 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 32), value)
                    }
                    {
                        let pair := mload(add(param, 32))
                        let value := add(and(shr(48, even), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 64), value)
                    }
                    {
                        let pair := mload(add(param, 48))
                        let value := add(and(shr(48, odd), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 96), value)
                    }
                    {
                        let pair := mload(add(param, 64))
                        let value := add(and(shr(96, even), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 128), value)
                    }
                    {
                        let pair := mload(add(param, 80))
                        let value := add(and(shr(96, odd), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 160), value)
                    }
                    {
                        let pair := mload(add(param, 96))
                        let value := add(and(shr(144, even), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 192), value)
                    }
                    {
                        let pair := mload(add(param, 112))
                        let value := add(and(shr(144, odd), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 224), value)
                    }
                    {
                        let pair := mload(add(param, 128))
                        let value := add(and(shr(192, even), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 256), value)
                    }
                    {
                        let pair := mload(add(param, 144))
                        let value := add(and(shr(192, odd), 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                        value := sdiv(mul(value, sar(192, pair)), mload(0))
                        if gt(value, mload(32)) {
                            value := mul(mload(32), sgt(value, 0))
                        }
                        mstore(add(to, 288), value)
                    }
                    from := add(from, 64)
                    param := add(param, 160)
                    to := add(to, 320)
                }
                if left {
                    ones(from, left, param, to, excess, 0)
                    leave
                }
            }
            function ones(from, left, param, to, excess, lo) {
                let next := mload(from)
                let later := mload(add(from, 32))
                for {} 1 {} {
                    let pair := mload(param)
                    let value := add(and(next, 0xffffffffffff), sub(sar(192, shl(64, pair)), excess))
                    value := sub(sdiv(mul(value, sar(192, pair)), mload(0)), lo)
                    if gt(value, mload(32)) {
                        value := mul(mload(32), sgt(value, 0))
                    }
                    mstore(to, add(value, lo))
                    left := sub(left, 1)
                    if iszero(left) {
                        leave
                    }
                    value := shr(48, next)
                    next := later
                    later := value
                    param := add(param, 16)
                    to := add(to, 32)
                }
            }
            let lo := sar(192, mload(add(r, 8)))
            mstore(0, sar(192, mload(r)))
            mstore(32, sub(sar(192, mload(add(r, 16))), lo))
            switch lo
            case 0 {
                tens(place, columns, params, y, correction)
            }
            default {
                for {} gt(columns, 10) {} {
                    ones(place, 10, params, y, correction, lo)
                    columns := sub(columns, 10)
                    place := add(place, 64)
                    params := add(params, 160)
                    y := add(y, 320)
                }
                ones(place, columns, params, y, correction, lo)
            }
        }
    }
}
