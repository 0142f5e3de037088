// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title ConstantProduct
/// @notice The arithmetic of a pool whose reserves keep their product. What is rounded is rounded in the pool's favour.
library ConstantProduct {
    /// @dev 1e18 = 100 %.
    uint256 internal constant ONE = 1e18;

    /// @notice What `amountIn` buys when `fee` (1e18 = 100 %) of it stays in the pool first.
    function amountOutDown(
        uint256 amountIn,
        uint256 reserveIn,
        uint256 reserveOut,
        uint256 fee
    ) internal pure returns (uint256) {
        uint256 traded = Math.mulDiv(amountIn, ONE - fee, ONE);
        return Math.mulDiv(traded, reserveOut, reserveIn + traded);
    }

    /// @notice All shares of a pool that begins with these amounts.
    function firstSharesDown(uint256 amount0, uint256 amount1) internal pure returns (uint256) {
        return Math.sqrt(amount0 * amount1);
    }

    /// @notice Shares that both amounts pay for.
    function sharesDown(
        uint256 amount0,
        uint256 amount1,
        uint256 reserve0,
        uint256 reserve1,
        uint256 supply
    ) internal pure returns (uint256) {
        return Math.min(Math.mulDiv(amount0, supply, reserve0), Math.mulDiv(amount1, supply, reserve1));
    }

    /// @notice What `shares` cost of one reserve.
    function costUp(uint256 shares, uint256 reserve, uint256 supply) internal pure returns (uint256) {
        return Math.mulDiv(shares, reserve, supply, Math.Rounding.Ceil);
    }

    /// @notice What `shares` are worth of one reserve.
    function worthDown(uint256 shares, uint256 reserve, uint256 supply) internal pure returns (uint256) {
        return Math.mulDiv(shares, reserve, supply);
    }
}
